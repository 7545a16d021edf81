package process

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
)

// living counts the pools whose processes, memory and goroutines exist.
var living atomic.Int64

// TestMain runs the tests of a package whose bodies run in worker processes:
//
//	func TestMain(m *testing.M) { process.TestMain(m) }
//
// It parses the flags, calls [Main], runs the tests and, if they passed, fails
// them when a pool was left open: its workers would be the next test's mystery.
// It doesn't return.
func TestMain(m interface{ Run() int }) {
	flag.Parse()
	site := "process.TestMain"
	if _, file, line, ok := runtime.Caller(1); ok {
		site = fmt.Sprintf("%s:%d", file, line)
	}
	begin(site)
	code := m.Run()
	if leaks := leaks(); leaks != "" && code == 0 {
		fmt.Fprintf(os.Stderr, "parfor: the tests passed, and left this behind (Close every pool):\n%s", leaks)
		code = 1
	}
	os.Exit(code)
}
