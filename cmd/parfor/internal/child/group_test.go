//go:build unix

package child

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tripwire is a pipe with a name: what holds its other end is alive until a
// read ends.
type tripwire struct {
	path string
	t    *testing.T
}

func newTripwire(t *testing.T) tripwire {
	path := filepath.Join(t.TempDir(), "wire")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return tripwire{path, t}
}

// run runs the command, calls up once something said "up" through the wire,
// and returns once everything that holds the wire is gone.
func (w tripwire) run(ctx context.Context, c *Command, up func()) (r Result, err error) {
	w.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, err = Run(ctx, c)
	}()
	f, openErr := os.Open(w.path)
	if openErr != nil {
		w.t.Fatal(openErr)
	}
	defer f.Close()
	from := bufio.NewReader(f)
	if line, readErr := from.ReadString('\n'); line != "up\n" {
		w.t.Fatalf("%q, %v; %v", line, readErr, err)
	}
	if up != nil {
		up()
	}
	<-done
	if _, readErr := io.Copy(io.Discard, from); readErr != nil {
		w.t.Error(readErr)
	}
	r.Close()
	return r, err
}

// families are commands with different attitudes to being ended. $1 is the wire.
var families = []struct {
	name, line string
	deaf       bool // takes a SIGKILL
	code       int
}{
	{"alone", `exec 3>"$1"; echo up >&3; exec sleep 600`, false, 128 + 15},
	{"with a child", `exec 3>"$1"; sleep 600 & echo up >&3; wait`, false, 128 + 15},
	{"ignores TERM", `exec 3>"$1"; trap '' TERM; echo up >&3; sleep 600; sleep 600`, true, 128 + 9},
	{"grandchild ignores TERM", `exec 3>"$1"; sh -c 'trap "" TERM; echo up >&3; sleep 600; sleep 600' & wait`, true, 128 + 15},
	{"grandchild without the pipes ignores TERM", `exec 3>"$1"; sh -c 'trap "" TERM; echo up >&3; sleep 600; sleep 600' >/dev/null 2>&1 & wait`, true, 128 + 15},
	{"stops itself", `exec 3>"$1"; echo up >&3; kill -STOP $$`, false, 128 + 15},
	{"ends well when told", `exec 3>"$1"; trap 'exit 5' TERM; echo up >&3; while :; do sleep 0.05; done`, false, 5},
}

func TestCancelEndsTheGroup(t *testing.T) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			bothWays(t, func(t *testing.T) {
				w := newTripwire(t)
				c := sh(f.line, w.path)
				if c.Grace = time.Minute; f.deaf {
					c.Grace = 100 * time.Millisecond
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				why := errors.New("enough")
				r, err := w.run(ctx, c, func() { cancel(why) })
				if err != why || r.Code != f.code || r.TimedOut || r.Leftover {
					t.Errorf("%v, %+v", err, r)
				}
			})
		})
	}
}

func TestTimeoutEndsTheGroup(t *testing.T) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newTripwire(t)
			c := sh(f.line, w.path)
			c.Timeout = time.Second
			if c.Grace = time.Minute; f.deaf {
				c.Grace = 100 * time.Millisecond
			}
			r, err := w.run(t.Context(), c, nil)
			if err != nil || !r.TimedOut || r.Code != f.code || r.Took < c.Timeout {
				t.Errorf("%v, %+v", err, r)
			}
		})
	}
}

func TestNoGraceKillsAtOnce(t *testing.T) {
	w := newTripwire(t)
	c := sh(`exec 3>"$1"; trap 'exit 5' TERM; echo up >&3; sleep 600`, w.path)
	c.Grace = -1
	ctx, cancel := context.WithCancel(t.Context())
	r, err := w.run(ctx, c, cancel)
	if !errors.Is(err, context.Canceled) || r.Signal != syscall.SIGKILL {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestOutputBeforeATimeoutIsKept(t *testing.T) {
	c := sh("echo first; echo second >&2; exec sleep 600")
	c.Timeout = 500 * time.Millisecond
	r := do(t, c)
	if !r.TimedOut || text(t, &r.Stdout) != "first\n" || text(t, &r.Stderr) != "second\n" {
		t.Errorf("%+v", r)
	}
}

// TestLeftBehind: a command that has ended is over, whoever holds its output.
func TestLeftBehind(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		begin := time.Now()
		r := do(t, sh("sleep 600 & echo hi"))
		if took := time.Since(begin); took > time.Minute || r.Took > took {
			t.Errorf("took %v of %v", r.Took, took)
		}
		if text(t, &r.Stdout) != "hi\n" || r.Code != 0 || !r.Leftover {
			t.Errorf("%+v", r)
		}
	})
}

func TestLeftBehindIgnoringTERM(t *testing.T) {
	w := newTripwire(t)
	c := sh(`exec 3>"$1"; sh -c 'trap "" TERM; echo up >&3; sleep 600; sleep 600' & read x < /dev/null; exec 3>&-; echo hi`, w.path)
	c.Grace = 50 * time.Millisecond
	r, err := w.run(t.Context(), c, nil)
	if err != nil || r.Code != 0 || !r.Leftover || string(r.Stdout.Head()) != "hi\n" {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestLateOutput: what comes while the pipes aren't silent for long is kept.
func TestLateOutput(t *testing.T) {
	c := sh("(for i in 1 2 3 4 5 6 7 8; do sleep 0.1; echo $i; done) & echo 0")
	c.Linger = time.Second
	r := do(t, c)
	if got := strings.ReplaceAll(text(t, &r.Stdout), "\n", ""); got != "012345678" || r.Leftover {
		t.Errorf("%q, %+v", got, r)
	}
}

// TestEndlessLeftover: who never stops writing is ended all the same.
func TestEndlessLeftover(t *testing.T) {
	c := sh("yes & echo hi")
	c.Linger = 10 * time.Millisecond
	if r := do(t, c); !r.Leftover || r.Code != 0 {
		t.Errorf("%+v", r)
	}
}

// TestDaemonIsLeftAlone: who holds none of the output isn't this package's
// business.
func TestDaemonIsLeftAlone(t *testing.T) {
	w := newTripwire(t)
	if err := syscall.Mkfifo(w.path+".go", 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan Result, 1)
	go func() {
		r, err := Run(t.Context(), sh(`(read go < "$1.go"; echo up > "$1") >/dev/null 2>&1 & echo hi`, w.path))
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	if r := <-done; string(r.Stdout.Head()) != "hi\n" || r.Leftover {
		t.Errorf("%+v", r)
	}
	if err := os.WriteFile(w.path+".go", []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(w.path); string(b) != "up\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestEscaped: what left the group can't be ended, and isn't waited for.
func TestEscaped(t *testing.T) {
	if _, err := Find("setsid"); err != nil || runtime.GOOS != "linux" {
		t.Skip("it takes Linux and setsid: ", err)
	}
	dir := t.TempDir()
	release := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("go\n"), 0); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"shell", "escaped"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := sh(`setsid sh -c 'echo away; read go < escaped' & read go < shell; echo hi`)
	c.Dir, c.Linger, c.Grace = dir, 50*time.Millisecond, time.Hour
	c.Live = func(_ Stream, line []byte) {
		if string(line) == "away\n" {
			release("shell")
		}
	}
	r := do(t, c)
	if got := text(t, &r.Stdout); got != "away\nhi\n" || !r.Leftover || r.Code != 0 {
		t.Errorf("%q, %+v", got, r)
	}
	release("escaped")
}
