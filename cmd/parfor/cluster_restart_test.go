//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startNode starts parfor-node on a folder, and waits until it says that it has
// the server.
func startNode(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	os.Remove(filepath.Join(dir, "ready"))
	node := exec.Command("sh", append([]string{"-c", `exec parfor-node "$@" 2>ready`, "sh", "--dir", dir}, args...)...)
	node.Dir = dir
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		node.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		node.Wait()                          //nolint:errcheck
	})
	eventually(t, func() bool {
		b, _ := os.ReadFile(filepath.Join(dir, "ready"))
		return bytes.Contains(b, []byte("a server on"))
	})
	return node
}

// linesOf counts the lines of a file.
func linesOf(name string) int {
	b, _ := os.ReadFile(name)
	return strings.Count(string(b), "\n")
}

// TestServerRestartedUnderARun wants a run and its agents to outlast a server that
// is killed, or ends, and is started again: every item has one result.
func TestServerRestartedUnderARun(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits until programs connect again, and maybe 5 s for chunks that were on their way")
	}
	for _, c := range []struct {
		sig    syscall.Signal
		agents string // of the node itself, which ends with the server, or of another program
	}{{syscall.SIGKILL, "apart"}, {syscall.SIGTERM, "the node's"}} {
		t.Run(fmt.Sprintf("%v, agents %s", c.sig, c.agents), func(t *testing.T) {
			t.Parallel()
			dir, args := t.TempDir(), []string{"--allow-exec", "-j", "2"}
			if c.agents == "apart" {
				args = []string{"--no-agent"}
			}
			node := startNode(t, dir, args...)
			if c.agents == "apart" {
				background(t, "parfor", "worker", "--cluster", dir, "--allow-exec", "-j", "2")
			}
			ran := filepath.Join(t.TempDir(), "ran")
			run := parforCommand(t, "run", "--cluster", dir, "-k", "-i", "1..60", "-o", "out.json", "--progress", "none", "echo {} >>'"+ran+"'; echo {}")
			var out, said bytes.Buffer
			run.Stdout, run.Stderr = &out, &said
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() bool { return linesOf(ran) >= 10 })
			if err := node.Process.Signal(c.sig); err != nil {
				t.Fatal(err)
			}
			node.Wait() //nolint:errcheck // it was killed
			before := linesOf(ran)
			startNode(t, dir, args...)
			if err := run.Wait(); err != nil {
				t.Errorf("%v: %s", err, said.String())
			}
			var want strings.Builder
			for i := range 60 {
				fmt.Fprintln(&want, i+1)
			}
			if out.String() != want.String() {
				t.Errorf("it printed %q", out.String())
			}
			if before == 60 {
				t.Error("all was over before the server was")
			}
			if !strings.Contains(said.String(), "server is away; waiting for it") || !strings.Contains(said.String(), "server is back") {
				t.Errorf("it said %s", said.String())
			}
		})
	}
}

// TestServerGoneForGood wants a run that is to end to end though nobody hears it,
// and to be one to go on with.
func TestServerGoneForGood(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits 10 s for the server")
	}
	for sig, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, 0: 124} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			node := startNode(t, dir, "--no-agent")
			background(t, "parfor", "worker", "--cluster", dir, "--allow-exec", "-j", "2", "--grace", "100ms")
			files := t.TempDir()
			run := parforCommand(t, "run", "--cluster", dir, "--deadline", "2m", "-i", "1..60", "-o", "out.json", "--progress", "none",
				"cd '"+files+"'; echo {} >>ran; test {} -lt 5 || while ! test -e go; do sleep 0.02; done")
			if sig == 0 {
				run.Args[5] = "2s"
			}
			var said bytes.Buffer
			run.Stderr = &said
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() bool { return linesOf(filepath.Join(files, "ran")) >= 6 })
			node.Process.Kill() //nolint:errcheck // it runs
			node.Wait()         //nolint:errcheck // it was killed
			if sig != 0 {
				run.Process.Signal(sig) //nolint:errcheck // it runs
			}
			began := time.Now()
			if err := run.Wait(); run.ProcessState.ExitCode() != code {
				t.Errorf("%v: %s", err, said.String())
			}
			if took := time.Since(began); took > patience+10*time.Second {
				t.Errorf("it took %v", took)
			}
			if text := said.String(); !strings.Contains(text, "did not come back") || !strings.Contains(text, "it goes on with: parfor run --resume") {
				t.Errorf("it said %s", text)
			}
			if err := os.WriteFile(filepath.Join(files, "go"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
}
