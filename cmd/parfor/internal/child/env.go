package child

import (
	"os"
	"strings"
	"sync"
)

// own is this process's environment, copied once: a copy for each command
// would cost more than its fork.
var own = sync.OnceValue(os.Environ)

// environment is the own one with more. No name is twice in it: which of two
// counts differs from program to program.
func environment(more []string) []string {
	if len(more) == 0 {
		return own()
	}
	all := make([]string, 0, len(own())+len(more))
	for _, e := range own() {
		if !names(more, e) {
			all = append(all, e)
		}
	}
	for i, e := range more {
		if !names(more[i+1:], e) {
			all = append(all, e)
		}
	}
	return all
}

// names says whether one of the entries has the name of e.
func names(entries []string, e string) bool {
	name, _, _ := strings.Cut(e, "=")
	for _, other := range entries {
		if len(other) > len(name) && other[len(name)] == '=' && other[:len(name)] == name {
			return true
		}
	}
	return false
}
