// Package leak checks after a package's tests that they left nothing behind:
// no goroutine, no open file, no child process.
//
//	func TestMain(m *testing.M) { leak.Main(m) }
//
// leak.go has the check, around.go its form for TestMains that are taken,
// goroutines.go, files_*.go and children_*.go what it looks at.
package leak

import (
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

// patience is how long things may take to go away that were told to: the
// kernel closes a killed process's files, the runtime ends goroutines, on
// their own time. A test binary without leaks waits for none of it.
const patience = 5 * time.Second

// Main runs the tests and exits with 1 if they passed and left something
// behind, which it prints; else with the code of the tests.
func Main(m *testing.M) { os.Exit(Check(m)) }

// Check is [Main] for a TestMain with more to do: it runs the tests, prints
// what they left behind to standard error, and returns the exit code.
func Check(m interface{ Run() int }) int { return check(m.Run, os.Stderr) }

func check(run func() int, to io.Writer) int {
	before := Before()
	code := run()
	if code != 0 {
		return code // a failed test may leave anything behind, and says why itself
	}
	left := before.Left()
	for _, what := range left {
		fmt.Fprintln(to, "leak:", what)
	}
	if len(left) > 0 {
		return 1
	}
	return 0
}

// Baseline is what there was before.
type Baseline struct {
	goroutines map[string]bool
	files      map[string]bool
	children   map[string]bool
}

// Before notes what there is now, which is no leak later.
func Before() *Baseline {
	return &Baseline{goroutines: set(goroutines()), files: set(files()), children: set(children())}
}

func set(all []thing) map[string]bool {
	m := make(map[string]bool, len(all))
	for _, t := range all {
		m[t.id] = true
	}
	return m
}

// thing is something that may leak: id tells it from others, text describes it.
type thing struct{ id, text string }

// Left describes what is there now and wasn't at the baseline. It blocks while
// there is something, for a few seconds at most, to let what is ending end.
func (b *Baseline) Left() []string {
	for deadline := time.Now().Add(patience); ; time.Sleep(patience / 500) {
		var left []string
		left = appendNew(left, goroutines(), b.goroutines)
		left = appendNew(left, files(), b.files)
		left = appendNew(left, children(), b.children)
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

func appendNew(dst []string, now []thing, before map[string]bool) []string {
	for _, t := range now {
		if !before[t.id] {
			dst = append(dst, t.text)
		}
	}
	return dst
}
