//go:build unix

package lines

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// A timeout costs its item, TERM comes before KILL, and the next item is fine.
func TestTimeout(t *testing.T) {
	for name, tt := range map[string]struct{ trap, stderr string }{
		"heeds TERM":   {`trap 'echo bye >&2; exit' TERM`, "bye"},
		"ignores TERM": {`trap '' TERM; echo here >&2`, "here"},
	} {
		t.Run(name, func(t *testing.T) {
			b := body(t, Config{Argv: sh(tt.trap + `; while read -r x; do while [ "$x" = hang ]; do sleep 0.01; done; echo "$x"; done`), Timeout: 500 * time.Millisecond, Grace: 200 * time.Millisecond})
			for range 2 {
				want(t, b, "a", "a")
				began := time.Now()
				_, err := do(t, b, "hang")
				var timeout *TimeoutError
				if !errors.As(err, &timeout) || timeout.After != 500*time.Millisecond {
					t.Fatal(err)
				}
				if name == "heeds TERM" && !strings.HasSuffix(err.Error(), "did not answer within 500ms: "+tt.stderr) {
					t.Error(err)
				}
				if d := time.Since(began); d < 500*time.Millisecond {
					t.Errorf("after %v", d)
				}
			}
			want(t, b, "a", "a")
		})
	}
}

func TestTimeoutWhileStarting(t *testing.T) {
	b := body(t, Config{Argv: sh(`sleep 1000; read -r x`), Timeout: 50 * time.Millisecond})
	if _, err := do(t, b, "x"); !errors.As(err, new(*TimeoutError)) || inspects && !strings.Contains(err.Error(), "start-up counts") {
		t.Error(err)
	}
}

// An item that the program doesn't take in ends with the timeout too.
func TestTimeoutWhileSending(t *testing.T) {
	b := body(t, Config{Argv: sh(`sleep 1000`), Timeout: 100 * time.Millisecond})
	if _, err := do(t, b, strings.Repeat("x", 1<<20)); !errors.As(err, new(*TimeoutError)) {
		t.Error(err)
	}
}

// The classic: the answer sits in the program's buffer. It is reported while
// there is time, once, and named in the timeout's error.
func TestForgotToFlush(t *testing.T) {
	if !inspects {
		t.Skip("what a process waits for is not known here")
	}
	python := []string{interpreter(t, "python3"), "-c", "import sys\nfor line in sys.stdin: print(line, end='')"}
	for _, tt := range []struct {
		argv    []string
		timeout time.Duration // with room for the start on a busy machine
		with    string
	}{
		{[]string{"tr", "a", "b"}, time.Second, "stdbuf -oL"},
		{sh("tr a b; exit"), time.Second, "stdbuf -oL"},
		{python, 4 * time.Second, "python3 -u"},
	} {
		t.Run(strings.Join(tt.argv[:1], " "), func(t *testing.T) {
			var n notices
			b := body(t, Config{Argv: tt.argv, Env: append(os.Environ(), "PYTHONUNBUFFERED="), Timeout: tt.timeout, Grace: 10 * time.Second, Notice: n.add})
			b.pool.patience = tt.timeout / 2
			for range 2 {
				if _, err := do(t, b, "x"); !errors.As(err, new(*TimeoutError)) || !strings.Contains(err.Error(), "does it flush") || !strings.Contains(err.Error(), tt.with) {
					t.Error(err)
				}
			}
			if err := n.one(t); !errors.As(err, new(*StallError)) || !strings.Contains(err.Error(), tt.with) {
				t.Error(err)
			}
		})
	}
}

// A program that waits for more input than its line is told apart where it is
// known, whatever name it goes by; of the others the hint asks that too.
func TestReadsAhead(t *testing.T) {
	if !inspects {
		t.Skip("what a process waits for is not known here")
	}
	mawk := interpreter(t, "mawk")
	awk := filepath.Join(t.TempDir(), "awk")
	if err := os.Symlink(mawk, awk); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		argv []string
		with string
	}{
		{[]string{"mawk", "{print; fflush()}"}, "mawk -W interactive does neither"},
		{[]string{awk, "{print; fflush()}"}, "mawk -W interactive does neither"},
		{[]string{"sort"}, "or for all of it"},
	} {
		b := body(t, Config{Argv: tt.argv, Timeout: time.Second, Grace: 10 * time.Second})
		if _, err := do(t, b, "x"); !errors.As(err, new(*TimeoutError)) || !strings.Contains(err.Error(), tt.with) {
			t.Errorf("%v: %v", tt.argv, err)
		}
	}
}

// A program that works on the item is not suspected.
func TestSlowIsNotStalled(t *testing.T) {
	var n notices
	b := body(t, Config{Argv: sh(`while read -r x; do sleep 0.3; echo "$x"; done`), Notice: n.add})
	b.pool.patience = 50 * time.Millisecond
	want(t, b, "x", "x")
	if len(n.all) != 0 {
		t.Error(n.all)
	}
}

func TestFlushing(t *testing.T) {
	for _, tt := range []struct{ argv, want string }{
		{"/usr/bin/python3.11 x.py", "python3 -u"},
		{"./body.py", "python3 -u"},
		{"uv run body.py", "python3 -u"},
		{"jq -c .x", "--unbuffered"},
		{"mawk {print}", "mawk -W interactive does neither"},
		{"jq -c .x", "as mawk does without -W interactive, or for all of it, as sort does?"},
		{"./prog", "stdbuf -oL"},
	} {
		if got := flushing(strings.Fields(tt.argv)); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", tt.argv, got)
		}
	}
}

func TestCancel(t *testing.T) {
	hangs := make(chan struct{}, 1)
	b := body(t, Config{Argv: sh(`while read -r x; do while [ "$x" = hang ]; do echo hangs >&2; sleep 1000; done; echo "$x"; done`),
		Stderr: func(int, []byte) { hangs <- struct{}{} }})
	for range 3 {
		want(t, b, "a", "a")
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-hangs
			cancel()
		}()
		if _, err := b.Do(ctx, item.Value{Text: "hang"}); err != context.Canceled {
			t.Error(err)
		}
		if b.proc != nil {
			t.Error("its process still runs")
		}
		if _, err := b.Do(ctx, item.Value{Text: "a"}); err != context.Canceled || b.proc != nil {
			t.Errorf("with a context that is over: %v, process %v", err, b.proc)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	go func() { <-hangs }()
	if _, err := b.Do(ctx, item.Value{Text: "hang"}); err != context.DeadlineExceeded {
		t.Error(err)
	}
}
