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

// interruptible is a run of two items, each with something started in the
// background that doesn't listen. All hold the pipe alive, which says nothing
// more once the last of them is gone; go lets the items end.
type interruptible struct {
	*exec.Cmd
	dir   string
	alive *bufio.Reader
	said  *bufio.Scanner // standard error
	text  strings.Builder
}

func startInterruptible(t *testing.T) *interruptible {
	t.Helper()
	r := &interruptible{Cmd: parforCommand(t, "run", "-j2", "--grace", "200ms", "--progress", "none", "-o", "out.json",
		`exec 3>alive; (trap "" TERM INT; sleep 600) 3>&3 >/dev/null 2>&1 & echo up >&3; read x <go; kill -9 $!; echo {}`, ":::", "a", "b", "c", "d")}
	r.dir = r.Dir
	for _, name := range []string{"alive", "go"} {
		if err := syscall.Mkfifo(filepath.Join(r.dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stderr, err := pipeStderr(r.Cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill() }) //nolint:errcheck // it has ended, if all went well
	r.said = bufio.NewScanner(stderr)
	f, err := os.Open(filepath.Join(r.dir, "alive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r.alive = bufio.NewReader(f)
	for range 2 {
		if _, err := r.alive.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *interruptible) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := r.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// hear waits for a text on standard error, and fails if it doesn't come.
func (r *interruptible) hear(t *testing.T, text string) {
	t.Helper()
	for r.said.Scan() {
		r.text.WriteString(r.said.Text() + "\n")
		if strings.Contains(r.said.Text(), text) {
			return
		}
	}
	t.Fatalf("it never said %q, but\n%s", text, &r.text)
}

// ends waits for the end, with a code, and nothing left of the items.
func (r *interruptible) ends(t *testing.T, code int) {
	t.Helper()
	for r.said.Scan() {
	}
	err := r.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("%v, want exit code %d\n%s", err, code, &r.text)
	}
	if _, err := io.Copy(io.Discard, r.alive); err != nil {
		t.Error(err)
	}
}

const goesOn = "it goes on with: parfor run --resume -j2 --grace 200ms --progress none -o out.json"

func TestRunFirstInterruptFinishesWhatRuns(t *testing.T) {
	r := startInterruptible(t)
	r.signal(t, os.Interrupt)
	r.hear(t, "parfor: finishing what runs; ^C again ends it")
	f, err := os.OpenFile(filepath.Join(r.dir, "go"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("1\n2\n"); err != nil {
		t.Fatal(err)
	}
	r.hear(t, "parfor: interrupted; "+goesOn)
	f.Close()
	r.ends(t, 130)
	kept, err := os.ReadFile(filepath.Join(r.dir, "out.json.journal"))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if got := strings.Contains(string(kept), `"key":"`+key+`"`); got != want {
			t.Errorf("%s is kept: %v\n%s", key, got, kept)
		}
	}
}

func TestRunSecondInterruptEndsAll(t *testing.T) {
	r := startInterruptible(t)
	r.signal(t, os.Interrupt)
	r.hear(t, "^C again ends it")
	r.signal(t, os.Interrupt)
	r.hear(t, goesOn)
	r.ends(t, 130)
}

func TestRunTerminationEndsAllAtOnce(t *testing.T) {
	r := startInterruptible(t)
	r.signal(t, syscall.SIGTERM)
	r.hear(t, goesOn)
	r.ends(t, 143)
}
