package process_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var orphanRounds = flag.Int("orphans", 5, "how often TestNoOrphans kills a program")

// atOnce is within what the workers of a killed program must be gone.
const atOnce = 100 * time.Millisecond

// A program is killed while its workers' bodies are in a busy loop, in a system
// call, stopped, or have children: nobody of them is there 100 ms later. Each is
// watched by a descriptor of the process, which poll(2) reports when it ends.
func TestNoOrphans(t *testing.T) {
	hook := buildHook(t)
	var took []time.Duration
	for range *orphanRounds {
		took = append(took, killProgram(t, hook))
	}
	slices.Sort(took)
	t.Logf("%d rounds: median %v, longest %v", len(took), took[len(took)/2], took[len(took)-1])
}

func killProgram(t *testing.T, hook string) time.Duration {
	fifo := filepath.Join(t.TempDir(), "pids")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(hook, "hang", fifo)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	said, err := os.OpenFile(fifo, os.O_RDWR, 0) // to read, and without a wait for a writer
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	said.SetReadDeadline(time.Now().Add(soon))
	var all []unix.PollFd
	for lines := bufio.NewReader(said); len(all) < 5; { // four workers and a child
		var pid int
		if _, err := fmt.Fscanln(lines, &pid); err != nil {
			t.Fatalf("after %d pids: %v", len(all), err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		defer unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		all = append(all, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	began := time.Now()
	cmd.Process.Kill()
	for i, one := range all {
		left := max(0, atOnce-time.Since(began))
		if n, err := unix.Poll([]unix.PollFd{one}, int(left.Milliseconds())); n != 1 && err != unix.EINTR {
			t.Fatalf("process %d of %d is there %v after its program was killed", i+1, len(all), time.Since(began))
		}
	}
	return time.Since(began)
}
