//go:build mutants

package mutant

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
)

var planted atomic.Pointer[string]

// A worker process has the bugs of its parent.
func init() {
	if name := os.Getenv("PARFOR_MUTANT"); name != "" {
		planted.Store(&name)
	}
}

// Is reports whether that bug is planted.
func Is(name string) bool {
	p := planted.Load()
	return p != nil && *p == name
}

// Plant plants one bug instead of the one before, none for "", here and in
// worker processes started later.
func Plant(name string) {
	os.Setenv("PARFOR_MUTANT", name)
	planted.Store(&name)
}

// All are the bugs of commits that can be planted.
func All() []string {
	return []string{"torn", "unvalidated", "late", "leaked", "unsealed", "lost"}
}

// Live are the bugs of live dictionaries that can be planted.
func Live() []string { return []string{"unlocked", "twice"} }

var pending sync.WaitGroup

// Later does a little later what a bug puts off.
func Later(f func()) {
	pending.Add(1)
	time.AfterFunc(time.Millisecond, func() {
		defer pending.Done()
		f()
	})
}

// Wait waits for all that was put off.
func Wait() { pending.Wait() }
