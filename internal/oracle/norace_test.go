//go:build !race

package oracle

const usualCommits, usualHistories = 4000, 10
