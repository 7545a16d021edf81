//go:build unix

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptedCommandsLeaveNothing interrupts compare while commands run
// that have started something themselves, under several ways of running them.
// All hold the pipe's end: it says nothing more once the last one is gone.
func TestInterruptedCommandsLeaveNothing(t *testing.T) {
	for _, seed := range []string{"1", "2", "3", "4"} {
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := parforCommand(t, "compare", "--sizes", "40", "--seed", seed, "-o", "kept.json",
			"--", "sh", "-c", `exec 3>"$0"; sleep 600 & echo up >&3; wait`, pipe)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Process.Kill() //nolint:errcheck // it has ended, if all went well
		f, err := os.Open(pipe)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		held := bufio.NewReader(f)
		if _, err := held.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("seed %s: %v, want exit code 130\n%s", seed, err, &said)
		}
		if _, err := io.Copy(io.Discard, held); err != nil {
			t.Error(err)
		}
	}
}
