//go:build race

package oracle

// Under the race detector tasks take several times as long.
const usualCommits, usualHistories = 1000, 4
