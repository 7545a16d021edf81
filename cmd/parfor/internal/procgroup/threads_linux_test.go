package procgroup

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
)

// threads are the numbers of this process's threads.
func threads(t *testing.T) []string {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, task := range tasks {
		names = append(names, task.Name())
	}
	return names
}

// TestThreadsStay: of the threads that a crowd of goroutines needs at once, to
// start commands and to wait in system calls, none ends when it has gone. A
// command whose thread ended would get SIGTERM in the middle of its work.
func TestThreadsStay(t *testing.T) {
	var seen []string
	for range 5 {
		var crowd sync.WaitGroup
		for range 32 {
			crowd.Go(func() {
				cmd := exec.Command("true")
				cmd.SysProcAttr = Attributes()
				if err := cmd.Run(); err != nil {
					t.Error(err)
				}
			})
		}
		seen = append(seen, threads(t)...)
		crowd.Wait()
		runtime.GC()
	}
	now := threads(t)
	for _, name := range seen {
		if !slices.Contains(now, name) {
			t.Errorf("thread %s has ended; there are %v", name, now)
		}
	}
}

// TestAThreadThatEnds is what must not happen, and shows that it would be seen.
func TestAThreadThatEnds(t *testing.T) {
	cmd := exec.Command("sleep", "300")
	cmd.SysProcAttr = Attributes()
	var err error
	onThreadThatEnds(func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // how it ends is what is looked at
	if _, by := Code(cmd.ProcessState.Sys().(syscall.WaitStatus)); by != syscall.SIGTERM {
		t.Errorf("%v", cmd.ProcessState)
	}
}

// onThreadThatEnds calls f on a thread that ends then. The first thread of a
// process never does.
func onThreadThatEnds(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if syscall.Gettid() == os.Getpid() {
			defer runtime.UnlockOSThread()
			onThreadThatEnds(f)
			return
		}
		f()
	}()
	<-done
}

func TestCode(t *testing.T) {
	for line, want := range map[string]struct {
		code int
		by   syscall.Signal
	}{"exit 7": {7, 0}, "exit 0": {0, 0}, "kill -9 $$": {137, syscall.SIGKILL}, "exit 200": {200, 0}} {
		cmd := exec.Command("sh", "-c", line)
		cmd.Run() //nolint:errcheck // how it ends is what is looked at
		if code, by := Code(cmd.ProcessState.Sys().(syscall.WaitStatus)); code != want.code || by != want.by {
			t.Errorf("%s: %d, %v", line, code, by)
		}
	}
}
