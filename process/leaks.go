package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// leaks describes what pools have left behind in this process, or returns "".
// What is on its way out gets a moment to be gone.
func leaks() string {
	var text string
	for range 40 {
		if text = leftovers(); text == "" {
			return ""
		}
		time.Sleep(50 * time.Millisecond)
	}
	return text
}

func leftovers() string {
	var b strings.Builder
	if n := living.Load(); n > 0 {
		fmt.Fprintf(&b, "%d open pools\n", n)
	}
	for _, fd := range openMemory() {
		fmt.Fprintf(&b, "shared memory, descriptor %s\n", fd)
	}
	for _, pid := range childWorkers() {
		fmt.Fprintf(&b, "worker process %s\n", pid)
	}
	for _, g := range poolGoroutines() {
		fmt.Fprintf(&b, "%s\n\n", g)
	}
	return b.String()
}

// openMemory lists descriptors of workers' memory, where /proc tells.
func openMemory() (fds []string) {
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.Contains(to, "memfd:parfor") && !strings.Contains(to, "memfd:parfor-arena") {
			fds = append(fds, filepath.Base(l))
		}
	}
	return fds
}

// childWorkers lists children that run this program, where /proc tells.
func childWorkers() (pids []string) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil
	}
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		stat, err := os.ReadFile(p + "/stat")
		if err != nil {
			continue
		}
		i := bytes.LastIndexByte(stat, ')')
		var state string
		var parent int
		if i < 0 {
			continue
		}
		if fmt.Sscanf(string(stat[i+1:]), "%s %d", &state, &parent); parent != os.Getpid() {
			continue
		}
		if exe, err := os.Readlink(p + "/exe"); err == nil && exe == self {
			pids = append(pids, filepath.Base(p))
		}
	}
	return pids
}

// poolGoroutines returns the stacks of goroutines that this package started.
func poolGoroutines() (stacks []string) {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for i, g := range bytes.Split(buf, []byte("\n\n")) {
		if i > 0 && bytes.Contains(g, []byte("created by parfor.dev/parfor/process.")) {
			stacks = append(stacks, string(g))
		}
	}
	return stacks
}
