package process

import (
	"fmt"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parfor.dev/parfor/observe"
)

// container is the control group that bounds the program's memory. Where there
// is none, as on other systems, its files are missing and it knows nothing.
type container struct {
	dir    string // of the group, empty if there is none
	top    string // of the hierarchy
	events string // the file that counts kills for lack of memory

	mu    sync.Mutex
	kills int64     // counted so far
	open  int64     // of these, not yet ascribed to a worker
	since time.Time // when the count last rose

	warning string
	told    sync.Once
}

// fileSystem is where the system's files lie; tests have others.
var fileSystem = "/"

// containerAt finds it in the file system under root.
func containerAt(root string) *container {
	c := &container{}
	for line := range strings.Lines(readText(root, "proc/self/cgroup")) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(f) != 3:
		case f[1] == "" && c.dir == "":
			c.take(root, f[2], "memory.events", "sys/fs/cgroup", "sys/fs/cgroup/unified")
		case slices.Contains(strings.Split(f[1], ","), "memory"):
			c.take(root, f[2], "memory.oom_control", "sys/fs/cgroup/memory", "sys/fs/cgroup/"+f[1])
		}
	}
	c.kills, _ = c.count()
	return c
}

// take looks for the group's file in the places where its hierarchy may be
// mounted. In a container the path may be the host's and the mount its own.
func (c *container) take(root, group, file string, mounts ...string) {
	for _, m := range mounts {
		top := filepath.Join(root, m)
		for _, g := range []string{path.Clean("/" + group), "/"} {
			if _, err := os.Stat(filepath.Join(top, g, file)); err == nil {
				c.dir, c.top, c.events = filepath.Join(top, g), top, file
				return
			}
		}
	}
}

// count is how many processes of the group the kernel has killed for lack of
// memory.
func (c *container) count() (int64, bool) {
	if c.dir == "" {
		return 0, false
	}
	for line := range strings.Lines(readText(c.dir, c.events)) {
		if n, found := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); found {
			kills, err := strconv.ParseInt(n, 10, 64)
			return kills, err == nil
		}
	}
	return 0, false
}

// ascribed is for how long a kill that was counted may be that of a worker whose
// end is noticed only then.
const ascribed = 5 * time.Second

// oomKilled reports whether the kernel has killed a process of the group for
// lack of memory that may be the one that has just died. Each kill is ascribed
// once. The kernel counts before it kills.
func (c *container) oomKilled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.count()
	if ok && n > c.kills {
		c.open += n - c.kills
		c.kills, c.since = n, time.Now()
	}
	if c.open == 0 || time.Since(c.since) > ascribed {
		c.open = 0
		return false
	}
	c.open--
	return true
}

// inspect finds what would make a worker's lack of memory the program's end.
func (c *container) inspect(workers int, limit int64) {
	group, found := c.killsAll()
	if !found {
		return
	}
	most, err := strconv.ParseInt(readText(c.dir, "memory.max"), 10, 64)
	if err == nil && limit > 0 && limit <= most/int64(workers) {
		return
	}
	c.warning = fmt.Sprintf("the kernel kills all of this container, this program included, when one worker runs out of memory (memory.oom.group is 1 in %s): "+
		"give the pool a MemoryLimit that leaves room for all workers, or have the container started with 0 there (Kubernetes: singleProcessOOMKill: true for the kubelet)", group)
}

// killsAll looks for a group, from the program's own upwards, that the kernel
// treats as one.
func (c *container) killsAll() (dir string, found bool) {
	if c.dir == "" {
		return "", false
	}
	for dir = c.dir; ; dir = filepath.Dir(dir) {
		if readText(dir, "memory.oom.group") == "1" {
			return dir, true
		}
		if dir == c.top || len(dir) <= len(c.top) {
			return "", false
		}
	}
}

// warn tells the first loop on the pool, as loops tell what is strange about
// them: their observers, or the log if there are none.
func (c *container) warn(a *attachment) {
	if c.warning == "" {
		return
	}
	c.told.Do(func() {
		if !a.spec.Meter.Watched() {
			slog.Warn("parfor: " + c.warning)
			return
		}
		a.spec.Meter.Event(observe.Event{Kind: observe.Warning, Worker: -1, Index: -1, Text: c.warning})
	})
}

// readText is what a file says, or nothing.
func readText(dir, file string) string {
	b, _ := os.ReadFile(filepath.Join(dir, file))
	return strings.TrimSpace(string(b))
}
