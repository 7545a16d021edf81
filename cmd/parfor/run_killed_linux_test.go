package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledRunEndsItsCommands: when parfor is killed -9, what it runs ends too,
// and may clean up. Each command holds the pipe; it says nothing more once all
// have ended.
func TestKilledRunEndsItsCommands(t *testing.T) {
	const cleansUp = `; exec 3>wire; trap 'kill $!; echo "bye $x" >&3; exit' TERM; sleep 300 3>&- & echo "up $x" >&3; wait`
	for name, args := range map[string][]string{
		"run":                {"run", "-j2", "--progress", "none", "--", "sh", "-c", "x=$1" + cleansUp, "sh", "{}", ":::", "a", "b"},
		"programs of a line": {"run", "-j2", "--progress", "none", `exec 3>wire; echo "up {}" >&3; sleep 300; echo not >&3`, ":::", "a", "b"},
		"a line":             {"run", "-j2", "--progress", "none", "x={}" + cleansUp, ":::", "a", "b"},
		"--lines":            {"run", "-j2", "--progress", "none", "--lines", "--", "sh", "-c", "read -r x" + cleansUp, ":::", "a", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := parforCommand(t, args...)
			wire := filepath.Join(cmd.Dir, "wire")
			if err := syscall.Mkfifo(wire, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				ended <- cmd.Wait()
				if f, err := os.OpenFile(wire, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
					f.Close() // if nobody has opened it: so that Open returns
				}
			}()
			f, err := os.Open(wire)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			f.SetReadDeadline(time.Now().Add(time.Minute)) //nolint:errcheck // a pipe has deadlines
			said := bufio.NewReader(f)
			var up [2]string
			for i := range up {
				if up[i], err = said.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			// A command may be up before its entry with the guard is, and then only its
			// first process ends.
			for end := time.Now().Add(time.Minute); guarded(t, cmd.Process.Pid) < len(up); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("not all commands are guarded")
				}
			}
			cmd.Process.Kill() //nolint:errcheck // Wait says how it ended
			var exit *exec.ExitError
			if err := <-ended; !errors.As(err, &exit) || exit.ExitCode() != -1 {
				t.Errorf("%v", err)
			}
			rest, err := io.ReadAll(said)
			if err != nil {
				t.Error(err)
			}
			want := "bye a\nbye b\n"
			if name == "programs of a line" {
				want = ""
			}
			got := slices.Compact(slices.Sorted(strings.Lines(string(rest)))) // TERM may come more than once
			if strings.Join(got, "") != want {
				t.Errorf("%q, then %q", up, rest)
			}
		})
	}
}

// guarded is how many groups a parfor's guard has in its list.
func guarded(t *testing.T, pid int) (n int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if is, err := os.Readlink(name); err != nil || !strings.HasPrefix(is, "/memfd:parfor-guard") {
			continue
		}
		list, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n += len(strings.Fields(string(list)))
	}
	return n
}

// TestNobodyEndsThreads looks for who locks goroutines to threads: such a thread
// ends with its goroutine unless that unlocks it, and the commands that it has
// started get the signal that is meant for the end of parfor.
func TestNobodyEndsThreads(t *testing.T) {
	known := map[string]string{
		"parfor.dev/parfor/process": "unlocks, and no command is started there",
		"modernc.org/libc":          "in Start, which is C's main, and of which SQLite makes no use",
	}
	list := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{$p := .}}{{range .GoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}`, ".")
	list.Stderr = t.Output()
	files, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(files)) {
		pkg, path, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		n++
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if known[pkg] == "" && strings.Contains(string(text), "runtime.LockOSThread()") {
			t.Errorf("%s locks a thread: does it unlock it?", path)
		}
	}
	if n < 100 {
		t.Errorf("only %d files were looked at", n)
	}
}
