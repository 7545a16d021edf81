package compare

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const canListChildren = true

// children lists the processes that this one has started, but for those given.
func children(except ...int) (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		b, _ := os.ReadFile(list) // the thread has ended: its children are on another's list
		for _, f := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil && !slices.Contains(except, pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
