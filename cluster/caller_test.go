package cluster_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
)

// once is a body whose every run has another result: two runs of an item of
// which both were seen show. What it counts shows whether it counts once.
func once(ctx context.Context, n int) (string, error) {
	select {
	case <-time.After(time.Duration(n%3) * time.Millisecond):
		_, err := enter(ctx, n)
		return fmt.Sprintf("%d:%x", n, rand.Uint64()), err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// onceRead is once, of what it has read.
func onceRead(ctx context.Context, n int) (string, error) {
	_, err := bump(ctx, n)
	return fmt.Sprintf("%d:%x", n, rand.Uint64()), err
}

// onceText is once, with a long text.
func onceText(ctx context.Context, n int) (string, error) {
	return fmt.Sprintf("%d:%x", n, rand.Uint64()), texts.Set(ctx, n, bytes.Repeat([]byte{byte(n)}, 100_000))
}

// ways are the bodies of callers.
var ways = map[string]func(context.Context, int) (string, error){"": once, "read": onceRead, "text": onceText}

var (
	_ = parfor.Register(once)
	_ = parfor.Register(onceRead)
	_ = parfor.Register(onceText)
)

// counted checks that every item of n was counted once.
func counted(t *testing.T, n int) {
	t.Helper()
	if items, sum := told(t, "items"), told(t, "sum"); items != n || sum != n*(n-1)/2 {
		t.Errorf("%d items were counted of %d, their sum is %d", items, n, sum)
	}
}

// life is how long the tests' programs count as living that were killed.
const life = 1500 * time.Millisecond

// call is the program of a caller: it runs a loop, under a name if it has one, and prints each result
// once it has it.
func call(ctx context.Context, url string) error {
	opts := append(replicas(), cluster.Lease(life))
	if keep, err := time.ParseDuration(os.Getenv(callerKeep)); err == nil {
		opts = append(opts, cluster.KeepAbandoned(keep/2, keep))
	}
	x, err := cluster.Connect(ctx, url, opts...)
	if err != nil {
		return err
	}
	defer x.Close()
	n, err := strconv.Atoi(os.Getenv(callerSize))
	if err != nil {
		return err
	}
	on := parfor.Executor(x)
	if name := os.Getenv(callerName); name != "" {
		on = x.Loop(name)
	}
	body := ways[os.Getenv(callerBody)]
	if err := texts.Set(ctx, -1, make([]byte, 3<<20)); err != nil { // it has something before the loop
		return err
	}
	for r, err := range parfor.Stream(ctx, each(n), body, parfor.On(on), parfor.Window(n), parfor.Attempts(3), parfor.OnConflict(parfor.Rerun)) {
		if err != nil {
			return err
		}
		fmt.Println(r.Index, r.Out)
	}
	return nil
}

// caller is such a program, and what it has printed.
type caller struct {
	cmd  *exec.Cmd
	seen map[int]string
	in   *bufio.Scanner
}

func callerProcess(t *testing.T, url, name string, n int, env ...string) *caller {
	t.Helper()
	c := &caller{seen: map[int]string{}}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd = startTo(t, w, append(env, callerOf+"="+url, callerName+"="+name, callerSize+"="+strconv.Itoa(n))...)
	w.Close()
	t.Cleanup(func() { r.Close() })
	c.in = bufio.NewScanner(r)
	return c
}

// until reads results until there are n, or the program ends.
func (c *caller) until(t *testing.T, n int) {
	t.Helper()
	for len(c.seen) < n && c.in.Scan() {
		at, out, ok := strings.Cut(c.in.Text(), " ")
		i, err := strconv.Atoi(at)
		if !ok || err != nil { // torn by a kill
			continue
		}
		c.seen[i] = out
	}
}

// same checks that results are those of n items, each once, and the ones that
// were seen before.
func same(t *testing.T, n int, got map[int]string, before ...map[int]string) {
	t.Helper()
	for i := range n {
		if !strings.HasPrefix(got[i], strconv.Itoa(i)+":") {
			t.Fatalf("item %d: %q", i, got[i])
		}
	}
	if len(got) != n {
		t.Errorf("%d results of %d", len(got), n)
	}
	for _, seen := range before {
		for i, out := range seen {
			if out != got[i] {
				t.Errorf("item %d was %s, and is %s", i, out, got[i])
			}
		}
	}
}
