//go:build !race

package shellline

const raced = false
