package main

import (
	"os"
	"strconv"
)

// terminal says how wide tables may be, and whether they can be drawn over:
// not in a file, in CI, or on a terminal that knows no cursor.
func terminal(f *os.File) (width, height int, redraw bool) {
	width, height, tty := windowSize(f)
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 && !tty {
		width = n
	}
	redraw = tty && width > 0 && height > 5 && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
	return width, height, redraw
}
