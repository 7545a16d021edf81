//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// A bell whose pipe is full costs a worker's owner no time: enough bytes are there.
func TestRingIntoAFullPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	p := &proc{}
	if p.bellConn, err = w.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	for range 100_000 { // a pipe holds 65536 bytes
		p.ring()
	}
}

// A process that was waited for is not killed again: its number may be another's.
func TestNoSignalAfterTheEnd(t *testing.T) {
	cmd := exec.Command("/bin/sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	(&proc{pid: cmd.Process.Pid, reaped: true}).kill()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("the stranger is gone: %v", err)
	}
	cmd.Wait()
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v", s.Signal())
	}
}
