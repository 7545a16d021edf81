//go:build mutants

package mutant

import (
	"os"
	"sync/atomic"
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

// All are the bugs that can be planted.
func All() []string {
	return []string{"torn", "unvalidated", "late", "leaked", "unsealed", "lost"}
}
