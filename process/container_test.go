//go:build linux

package process_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// tree makes a file system of control groups for the pools of a test.
func tree(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	was := process.SetFileSystem(root)
	t.Cleanup(func() { process.SetFileSystem(was) })
	return root
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var layouts = map[string]struct{ groups, counter, text string }{
	"v2":             {"0::/app\n", "sys/fs/cgroup/app/memory.events", "low 0\noom 3\noom_kill %d\noom_group_kill 0\n"},
	"v2 in its own":  {"0::/\n", "sys/fs/cgroup/memory.events", "oom_kill %d\n"},
	"v2 of the host": {"0::/../../docker/1\n", "sys/fs/cgroup/memory.events", "oom_kill %d\n"},
	"hybrid":         {"4:memory:/app\n0::/app\n", "sys/fs/cgroup/memory/app/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill %d\n"},
	"v1":             {"9:cpu,cpuacct:/\n4:memory:/docker/1\n", "sys/fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill %d\n"},
}

func TestOOMKillsOfTheContainerAreTold(t *testing.T) {
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{"proc/self/cgroup": l.groups, l.counter: fmt.Sprintf(l.text, 7)})
			p := pool(t, 1)
			if we := among(t, p, sacrifice, "die"); we.Cause != parfor.Killed || strings.Contains(we.Error(), "OOM") {
				t.Errorf("killed by hand: %v", we)
			}
			we := among(t, p, sacrifice, "die\n"+filepath.Join(root, l.counter)+"\n"+fmt.Sprintf(l.text, 8))
			if we.Cause != parfor.OOM || we.Signal != "SIGKILL" || !strings.Contains(we.Error(), "likely OOM-killed") {
				t.Errorf("killed for lack of memory: %v", we)
			}
			if we := among(t, p, sacrifice, "die"); we.Cause != parfor.Killed || strings.Contains(we.Error(), "OOM") {
				t.Errorf("killed by hand afterwards: %v", we)
			}
		})
	}
}

func TestWithoutControlGroupsNothingIsSaid(t *testing.T) {
	tree(t, nil)
	if we := among(t, pool(t, 1), sacrifice, "die"); we.Cause != parfor.Killed || we.Reason != "" {
		t.Errorf("got %v", we)
	}
}

// warnings are what a loop was warned of.
type warnings struct {
	departures
	mu  sync.Mutex
	all []string
}

func (w *warnings) Event(e observe.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == observe.Warning {
		w.all = append(w.all, e.Text)
	}
}

func TestContainerThatTheKernelKillsAsOneIsWarnedOf(t *testing.T) {
	const group = "sys/fs/cgroup/pod/"
	tree(t, map[string]string{"proc/self/cgroup": "0::/pod/app\n", group + "memory.oom.group": "1\n", group + "app/memory.oom.group": "0\n",
		group + "app/memory.events": "oom_kill 0\n", group + "app/memory.max": "1073741824\n"})
	for _, c := range []struct {
		opts []process.Option
		want int
	}{
		{nil, 1},
		{[]process.Option{process.MemoryLimit(700 << 20)}, 1},
		{[]process.Option{process.MemoryLimit(512 << 20)}, 0}, // both fit
	} {
		p, w := pool(t, 2, c.opts...), &warnings{}
		for range 2 {
			if _, err := parfor.Map(t.Context(), upTo(3), double, parfor.On(p), parfor.Observe(w)); err != nil {
				t.Fatal(err)
			}
		}
		if len(w.all) != c.want || c.want > 0 && (!strings.Contains(w.all[0], "memory.oom.group") || !strings.Contains(w.all[0], "MemoryLimit")) {
			t.Errorf("warned of %q, want %d", w.all, c.want)
		}
	}
}

// A service manager, or PID 1 of a container, sends TERM to all processes at
// once: what runs is the program's to end.
func TestTermToAllOfThemEndsNoWorker(t *testing.T) {
	p := pool(t, 2)
	gate := t.TempDir() + "/gate"
	f := parfor.Submit(t.Context(), p, untilThere, gate)
	busy := appears(t, gate+".pid")
	before := p.PIDs()
	for _, pid := range before {
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			syscall.Kill(-pid, s)
		}
	}
	if _, err := parfor.Map(t.Context(), upTo(100), double, parfor.On(p)); err != nil {
		t.Error(err)
	}
	write(t, gate, "")
	if pid, err := f.Result(t.Context()); pid != busy || err != nil {
		t.Errorf("the task ended in %d of %d: %v", pid, busy, err)
	}
	if after := p.PIDs(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the workers were %v, and are %v", before, after)
	}
}

// Containers have 64 MiB of /dev/shm, or none.
func TestSharedMemoryNeedsNoDevShm(t *testing.T) {
	p := pool(t, 2)
	big := make([]byte, 1<<20)
	if _, err := parfor.Map(t.Context(), [][]byte{big, big}, measure, parfor.On(p)); err != nil {
		t.Fatal(err)
	}
	for _, pid := range append(p.PIDs(), os.Getpid()) {
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil || !strings.Contains(string(maps), "memfd:parfor") || strings.Contains(string(maps), "/dev/shm") {
			t.Errorf("process %d has mapped, of /dev/shm or not of a memfd (%v):\n%s", pid, err, maps)
		}
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			if to, _ := os.Readlink(fd); strings.HasPrefix(to, "/dev/shm") {
				t.Errorf("process %d has %s open", pid, to)
			}
		}
	}
}

// sacrifice dies as if the kernel had chosen it, once it has written how many it
// has chosen: the item is empty, or "die", or "die", file and text.
func sacrifice(_ context.Context, how string) (string, error) {
	if how == "" {
		return "", nil
	}
	if f := strings.SplitN(how, "\n", 3); len(f) == 3 {
		if err := os.WriteFile(f[1], []byte(f[2]), 0o600); err != nil {
			return "", err
		}
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// measure reads what came.
func measure(_ context.Context, b []byte) (int, error) { return len(b), nil }

var (
	_ = parfor.Register(sacrifice)
	_ = parfor.Register(measure)
)
