//go:build unix

package journal_test

import (
	"context"
	"errors"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"parfor.dev/parfor"
)

// On a full disk the loop ends with an error that names the file, and nothing is
// reported that isn't in it.
func TestFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "full")
	var ran atomic.Int64
	body := func(_ context.Context, n int) ([]byte, error) { ran.Add(1); return make([]byte, 1000), nil }
	run := func() ([][]byte, parfor.Resumption, error) {
		var r parfor.Resumption
		out, err := parfor.Map(t.Context(), parfor.Range(200), body, parfor.Name("fill"), parfor.KeepGoing(),
			parfor.Journal(path), parfor.JournalReport(&r))
		return out, r, err
	}
	limit := old
	limit.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	out, _, err := run()
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); e != nil {
		t.Fatal(e)
	}
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed > 0 || !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) {
		t.Fatalf("%v", err)
	}
	done := 0
	for i := range 200 {
		if le.Done(i) {
			if done++; len(out[i]) != 1000 {
				t.Errorf("item %d is done and has no result", i)
			}
		}
	}
	ran.Store(0)
	_, r, err := run()
	if err != nil || r.Resumed < done || done == 0 || int(ran.Load()) != 200-r.Resumed {
		t.Errorf("%d done, then %+v, %d ran, %v", done, r, ran.Load(), err)
	}
	t.Logf("%d items were reported, %d were in the file", done, r.Resumed)
}
