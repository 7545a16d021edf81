//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// lobby is where bodies wait, whichever process they are in, until a test lets
// them on: a directory in which each leaves a file.
type lobby struct {
	t   *testing.T
	dir string
}

func newLobby(t *testing.T) lobby { return lobby{t, t.TempDir()} }

// guest is an item of the body wait: its number, and what it does when its
// context ends.
type guest struct {
	Dir  string
	Item int
	Deaf bool // doesn't look at its context
	Pad  []byte
}

// wait stays until it is let on, or its context ends. It returns its process.
func wait(ctx context.Context, g guest) (int, error) {
	name := filepath.Join(g.Dir, fmt.Sprint(g.Item))
	if err := os.WriteFile(name+".part", []byte(fmt.Sprint(os.Getpid())), 0o600); err != nil {
		return 0, err
	}
	if err := os.Rename(name+".part", name+".here"); err != nil {
		return 0, err
	}
	defer os.Rename(name+".here", name+".been")
	for end := time.Now().Add(3 * soon); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, let := range []string{name + ".go", filepath.Join(g.Dir, "all.go")} {
			if _, err := os.Stat(let); err == nil {
				return os.Getpid(), nil
			}
		}
		if ctx.Err() != nil && !g.Deaf {
			return 0, context.Cause(ctx)
		}
	}
	return 0, errors.New("nobody let it on")
}

var _ = parfor.Register(wait)

// guests are the items from 0 to n-1.
func (l lobby) guests(n int) []guest { return l.from(0, n) }

// from are n items, the first of which is number first.
func (l lobby) from(first, n int) []guest {
	all := make([]guest, n)
	for i := range all {
		all[i] = guest{Dir: l.dir, Item: first + i}
	}
	return all
}

// deaf are items whose bodies don't listen to their contexts.
func deaf(all []guest) []guest {
	for i := range all {
		all[i].Deaf = true
	}
	return all
}

// here are the processes of the bodies that wait, by item.
func (l lobby) here() map[int]int {
	all := map[int]int{}
	names, _ := filepath.Glob(filepath.Join(l.dir, "*.here"))
	for _, name := range names {
		b, err := os.ReadFile(name)
		var item, pid int
		fmt.Sscan(filepath.Base(name), &item)
		if _, bad := fmt.Sscan(string(b), &pid); err == nil && bad == nil {
			all[item] = pid
		}
	}
	return all
}

// been is how many bodies have left.
func (l lobby) been() int {
	names, _ := filepath.Glob(filepath.Join(l.dir, "*.been"))
	return len(names)
}

// expect waits until n bodies are here, and returns their processes.
func (l lobby) expect(n int) (here map[int]int) {
	l.t.Helper()
	eventually(l.t, fmt.Sprint(n, " bodies"), func() bool { here = l.here(); return len(here) >= n })
	if len(here) > n {
		l.t.Fatalf("%d bodies run, want %d", len(here), n)
	}
	return here
}

func (l lobby) let(items ...int) {
	for _, i := range items {
		os.WriteFile(filepath.Join(l.dir, fmt.Sprint(i, ".go")), nil, 0o600)
	}
}

func (l lobby) letAll() { os.WriteFile(filepath.Join(l.dir, "all.go"), nil, 0o600) }

// loop begins a Map over the guests, which over reports.
func (l lobby) loop(p *process.Pool, items []guest, opts ...parfor.Option) (over func() ([]int, error)) {
	return l.loopOf(l.t.Context(), p, items, opts...)
}

func (l lobby) loopOf(ctx context.Context, p *process.Pool, items []guest, opts ...parfor.Option) (over func() ([]int, error)) {
	type end struct {
		pids []int
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		pids, err := parfor.Map(ctx, items, wait, append(opts, parfor.On(p))...)
		ended <- end{pids, err}
	}()
	return func() ([]int, error) {
		l.t.Helper()
		select {
		case e := <-ended:
			return e.pids, e.err
		case <-time.After(2 * soon):
			l.letAll()
			l.t.Fatal("the loop doesn't end")
			return nil, nil
		}
	}
}

// workers waits until the pool has n, and returns their processes in order.
func workers(t *testing.T, p *process.Pool, n int) (pids []int) {
	t.Helper()
	eventually(t, fmt.Sprint(n, " workers"), func() bool { pids = p.PIDs(); return len(pids) == n })
	slices.Sort(pids)
	return pids
}
