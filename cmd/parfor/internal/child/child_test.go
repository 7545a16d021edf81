//go:build unix

package child

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor/internal/leak"
)

var big = flag.Bool("big", false, "run the tests that need gigabytes")

func TestMain(m *testing.M) {
	if job := os.Getenv("PARFOR_CHILD_TEST"); job != "" {
		os.Exit(helpers[job]())
	}
	flag.Parse()
	leak.Main(m)
}

// sh is a shell line as a command.
func sh(line string, args ...string) *Command {
	return &Command{Argv: append([]string{"sh", "-c", line, "sh"}, args...)}
}

// do runs a command that is expected to run.
func do(t *testing.T, c *Command) Result {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func text(t *testing.T, o *Output) string {
	t.Helper()
	var b strings.Builder
	if n, err := o.WriteTo(&b); err != nil || n != o.Len() {
		t.Fatalf("%d of %d bytes written: %v", n, o.Len(), err)
	}
	return b.String()
}

// bothWays runs a test with and without pidfd.
func bothWays(t *testing.T, f func(t *testing.T)) {
	t.Run("default", f)
	t.Run("without pidfd", func(t *testing.T) {
		defer setPidfd(setPidfd(false))
		f(t)
	})
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 300_000)
	for _, c := range []struct {
		name, out, err string
		code           int
		sig            syscall.Signal
		cmd            *Command
	}{
		{"STDERRMERGE: the streams stay apart", "out\n", "err\n", 0, 0, sh("echo out; echo err >&2")},
		{"no newline, any byte", "a\x00\xff", "", 0, 0, sh(`printf 'a\000\377'`)},
		{"nothing", "", "", 0, 0, sh(":")},
		{"status", "", "", 7, 0, sh("exit 7")},
		{"signal", "", "", 128 + 9, syscall.SIGKILL, sh("kill -KILL $$")},
		{"closes its output early", "early\n", "late\n", 3, 0, sh("echo early; exec >&-; echo late >&2; exit 3")},
		{"arguments are not source", "$(x) 'y'\n", "", 0, 0, sh(`printf '%s\n' "$1"`, "$(x) 'y'")},
		{"stdin is empty", "0\n", "", 0, 0, sh("wc -c | tr -d ' '")},
		{"stdin is bytes", "hello", "", 0, 0, &Command{Argv: []string{"cat"}, Stdin: []byte("hello")}},
		{"stdin is more than a pipe holds", long, "", 0, 0, &Command{Argv: []string{"cat"}, Stdin: []byte(long)}},
		{"stdin is not read", "", "", 0, 0, &Command{Argv: []string{"true"}, Stdin: []byte(long)}},
		{"stdin is a reader", long, "", 0, 0, &Command{Argv: []string{"cat"}, StdinFrom: fresh(long)}},
		{"stdin is a reader that isn't read", "", "", 0, 0, &Command{Argv: []string{"true"}, StdinFrom: fresh(long)}},
		{"dir", dir + "\n", "", 0, 0, &Command{Argv: []string{"pwd", "-P"}, Dir: dir}},
		{"env", "1 \n", "", 0, 0, &Command{Argv: []string{"sh", "-c", `echo "$PF_A $PF_B"`}, Env: []string{"PF_A=0", "PF_B=", "PF_A=1"}}},
		{"its group is its own", "same\n", "", 0, 0, sh(`[ "$(ps -o pgid= -p $$ | tr -d ' ')" = $$ ] && echo same`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, func(t *testing.T) {
				c := c
				if from, ok := c.cmd.StdinFrom.(fresh); ok {
					again := *c.cmd
					again.StdinFrom = io.MultiReader(strings.NewReader(string(from)))
					c.cmd = &again
				}
				r := do(t, c.cmd)
				if got := text(t, &r.Stdout); got != c.out {
					t.Errorf("stdout %q, want %q", short(got), short(c.out))
				}
				if got := text(t, &r.Stderr); got != c.err {
					t.Errorf("stderr %q, want %q", short(got), short(c.err))
				}
				if r.Code != c.code || r.Signal != c.sig || r.TimedOut || r.Truncated || r.Leftover {
					t.Errorf("%+v", r)
				}
				if r.Took <= 0 || r.Started.IsZero() {
					t.Errorf("started %v, took %v", r.Started, r.Took)
				}
			})
		})
	}
}

// fresh stands for a reader that each run gets anew.
type fresh string

func (fresh) Read([]byte) (int, error) { panic("a placeholder") }

func short(s string) string {
	if len(s) > 100 {
		sum := sha256.Sum256([]byte(s))
		return s[:50] + "… " + hex.EncodeToString(sum[:4])
	}
	return s
}

func TestStdinFileIsHandedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte("in"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := do(t, &Command{Argv: []string{"cat"}, StdinFrom: f})
	if got := text(t, &r.Stdout); got != "in" {
		t.Errorf("%q", got)
	}
}

// TestStdinReadThatBlocks ends with its command; the read ends with the pipe.
func TestStdinReadThatBlocks(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	if got := do(t, &Command{Argv: []string{"true"}, StdinFrom: r, Linger: time.Millisecond}); got.Code != 0 {
		t.Errorf("%+v", got)
	}
}

func TestCancelledBeforeStart(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "ran")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := Run(ctx, sh(`: > "$1"`, marker)); err != why {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("it ran")
	}
}

func TestLive(t *testing.T) {
	var got []string
	c := sh("echo a; printf 'b\\nc'; echo e >&2; printf d")
	c.Live = func(s Stream, line []byte) { got = append(got, s.String()[9:]+" "+string(line)) }
	r := do(t, c)
	want := map[string]string{"output": "a\n|b\n|cd", "error": "e\n"}
	for stream, lines := range want {
		var own []string
		for _, l := range got {
			if rest, ok := strings.CutPrefix(l, stream+" "); ok {
				own = append(own, rest)
			}
		}
		if strings.Join(own, "|") != lines {
			t.Errorf("%s: %q, want %q", stream, own, lines)
		}
	}
	if got := text(t, &r.Stdout); got != "a\nb\ncd" {
		t.Errorf("kept %q", got)
	}
}

// TestLiveComesWhileItRuns answers a line with the input that ends the command.
func TestLiveComesWhileItRuns(t *testing.T) {
	in, w := io.Pipe()
	c := &Command{Argv: []string{"sh", "-c", "echo ready; read answer; echo $answer"}, StdinFrom: in}
	var lines []string
	c.Live = func(_ Stream, line []byte) {
		if lines = append(lines, string(line)); len(lines) == 1 {
			w.Write([]byte("yes\n"))
		}
	}
	do(t, c)
	w.Close()
	if strings.Join(lines, "") != "ready\nyes\n" {
		t.Errorf("%q", lines)
	}
}

func TestLongLinesComeInPieces(t *testing.T) {
	for _, n := range []int{maxLine - 1, maxLine, 3*maxLine + 5} {
		whole := append(bytes.Repeat([]byte("y"), n), "\nz"...)
		var got []byte
		pieces := 0
		l := &lines{to: func(_ Stream, line []byte) {
			if len(line) > maxLine+1000 {
				t.Errorf("%d: a piece of %d bytes", n, len(line))
			}
			got = append(got, line...)
			pieces++
		}}
		for b := whole; len(b) > 0; b = b[min(1000, len(b)):] {
			l.add(b[:min(1000, len(b))])
		}
		l.flush()
		if !bytes.Equal(got, whole) || pieces > n/maxLine+2 {
			t.Errorf("%d: %d bytes in %d pieces", n, len(got), pieces)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\n\nc"), 3)
	f.Add([]byte("\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		step = max(step, 1)
		var got []byte
		open := false
		l := &lines{to: func(_ Stream, line []byte) {
			if open || len(line) == 0 || bytes.IndexByte(line[:len(line)-1], '\n') >= 0 {
				t.Errorf("not one line: %q", line)
			}
			open = line[len(line)-1] != '\n'
			got = append(got, line...)
		}}
		for b := data; len(b) > 0; b = b[min(step, len(b)):] {
			l.add(b[:min(step, len(b))])
		}
		l.flush()
		if !bytes.Equal(got, data) {
			t.Errorf("%q became %q", data, got)
		}
	})
}
