//go:build !unix

// Command transport times the ways in which two processes can send each other
// messages. It needs a Unix system.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintf(os.Stderr, "transport: nothing to measure on %s: there are no worker processes\n", runtime.GOOS)
	os.Exit(2)
}
