//go:build unix

package process_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"parfor.dev/parfor/process"
)

// The descriptors give out in the middle of starting five workers: NewPool
// fails with that, and the leak check of the package sees that it ended those
// it had started.
func TestC45_WorkerThatCannotBeStarted(t *testing.T) {
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	next, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = uint64(next.Fd()) + 30 // a worker needs 12 while it starts, and 6 after
	next.Close()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	p, err := process.NewPool(t.Context(), 5)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err == nil {
		p.Close()
		t.Fatal("five workers started with descriptors for two or three")
	}
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got %v, want it to say that descriptors gave out", err)
	}
}
