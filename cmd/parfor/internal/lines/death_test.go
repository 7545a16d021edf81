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

func do(t testing.TB, b *Body, s string) (string, error) {
	t.Helper()
	answer, err := b.Do(t.Context(), item.Value{Text: s})
	return string(answer), err
}

// want sends an item that must be answered so.
func want(t testing.TB, b *Body, s, answer string) {
	t.Helper()
	if got, err := do(t, b, s); err != nil || got != answer {
		t.Errorf("%q: %q, %v; want %q", s, got, err, answer)
	}
}

// A program that ends by itself costs nothing: what it did not read goes to the
// next process.
func TestOneItemPerProcess(t *testing.T) {
	for name, script := range map[string]string{
		"exits well":   `read -r x; echo "$x"`,
		"exits badly":  `read -r x; echo "$x"; exit 3`,
		"is killed":    `read -r x; echo "$x"; kill -9 $$`,
		"no line end":  `read -r x; printf %s "$x"`,
		"takes five":   `for i in 1 2 3 4 5; do read -r x; echo "$x"; done`,
		"closes input": `read -r x; exec <&-; echo "$x"; exec sleep 1000`,
	} {
		t.Run(name, func(t *testing.T) {
			b := body(t, Config{Argv: sh(script)})
			n := 60
			if name == "closes input" {
				n = 2 // it gets its time to end
			}
			for i := range n {
				want(t, b, strings.Repeat("x", i+1), strings.Repeat("x", i+1))
			}
		})
	}
}

func TestDeath(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		want         DeathError
		text         string
	}{
		{"status", `read -r x; echo one >&2; echo two >&2; echo >&2; exit 7`, DeathError{Code: 7}, "sh ended with exit status 7 before it answered: two"},
		{"well, but no answer", `read -r x; exit 0`, DeathError{}, "sh ended with exit status 0 before it answered"},
		{"signal", `read -r x; kill -9 $$`, DeathError{Code: 137, Signal: "killed"}, "sh was ended by a signal (9, killed) before it answered"},
		{"in the middle", `read -r x; printf abc; exit 1`, DeathError{Code: 1, Partial: 3}, "sh ended with exit status 1 in the middle of its answer, after 3 bytes"},
		{"with a helper that lives", `read -r x; sleep 1000 & exit 9`, DeathError{Code: 9}, "sh ended with exit status 9 before it answered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := body(t, Config{Argv: sh(`read -r first; echo "$first"; ` + tt.script)})
			for range 3 {
				want(t, b, "first", "first")
				_, err := do(t, b, "second")
				var death *DeathError
				if !errors.As(err, &death) {
					t.Fatal(err)
				}
				if death.Code != tt.want.Code || death.Signal != tt.want.Signal || death.Partial != tt.want.Partial || err.Error() != tt.text {
					t.Errorf("%+v: %v; want %s", death, err, tt.text)
				}
			}
		})
	}
}

// Items that kill a program which works are their own failures, however many
// come in a row.
func TestPoisonedItems(t *testing.T) {
	b := body(t, Config{Argv: sh(`while read -r x; do [ "$x" != bad ] || exit 1; echo "$x"; done`)})
	want(t, b, "good", "good")
	for range 3 * maxStarts {
		if _, err := do(t, b, "bad"); !errors.As(err, new(*DeathError)) {
			t.Fatal(err)
		}
	}
	want(t, b, "good", "good")
	if err := b.pool.Err(); err != nil {
		t.Error(err)
	}
}

func TestBreaker(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		items        int // that it takes until the program is given up
		text         string
	}{
		{"before it reads", `echo one >&2; echo "no module named x" >&2; exit 1`, 1,
			"sh was started 5 times in a row without answering anything: sh ended with exit status 1 before it answered: no module named x\nits stderr ends with:\n  one\n  no module named x"},
		{"after it has read", `read -r x; exit 1`, 5, "sh was started 5 times in a row without answering anything: sh ended with exit status 1 before it answered"},
		{"greets", `echo hello; while read -r x; do echo "$x"; done`, 5, "sh was started 5 times in a row without answering anything: sh "},
		{"closes its output", `read -r x; exec >&-; read -r x`, 5, "sh was started 5 times in a row without answering anything: sh "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			starts := filepath.Join(t.TempDir(), "starts")
			b := body(t, Config{Argv: sh(`echo x >> "$STARTS"; ` + tt.script), Env: append(os.Environ(), "STARTS="+starts)})
			var broken *BrokenError
			for i := 1; ; i++ {
				_, err := do(t, b, "x")
				if errors.As(err, &broken) {
					if i != tt.items {
						t.Errorf("given up at item %d, want %d", i, tt.items)
					}
					break
				}
				if err == nil || i > tt.items {
					t.Fatalf("item %d: %v", i, err)
				}
			}
			if !strings.HasPrefix(broken.Error(), tt.text) {
				t.Errorf("%v; want %s", broken, tt.text)
			}
			if _, err := b.pool.Body(2).Do(t.Context(), item.Value{Text: "y"}); err != error(broken) || b.pool.Err() != error(broken) {
				t.Errorf("another worker: %v; pool: %v", err, b.pool.Err())
			}
			if n, err := os.ReadFile(starts); err != nil || len(n) != 2*maxStarts {
				t.Errorf("%d starts, %v; want %d", len(n)/2, err, maxStarts)
			}
		})
	}
}

// A program that doesn't start any more ends the loop too.
func TestCannotStart(t *testing.T) {
	prog := filepath.Join(t.TempDir(), "prog")
	if err := os.WriteFile(prog, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	b := body(t, Config{Argv: []string{prog}})
	_, err := do(t, b, "x")
	if !errors.As(err, new(*BrokenError)) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// What a process starts ends with it, whatever the reason.
func TestGroupGoesToo(t *testing.T) {
	const helper = `sleep 1000 & echo $! >&2; read -r x; `
	for name, tt := range map[string]struct {
		script string
		cancel bool
		want   string
	}{
		"death":   {helper + `exit 1`, false, "exit status 1"},
		"timeout": {helper + `wait`, false, "did not answer within"},
		"cancel":  {helper + `wait`, true, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			pids := make(chan string, 1)
			cfg := Config{Argv: sh(tt.script), Stderr: func(_ int, pid []byte) { pids <- string(pid) }}
			if name == "timeout" {
				cfg.Timeout = 300 * time.Millisecond
			}
			b := body(t, cfg)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			pid := make(chan string, 1)
			go func() {
				p := <-pids
				if tt.cancel {
					cancel()
				}
				pid <- p
			}()
			_, err := b.Do(ctx, item.Value{Text: "x"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
			p := <-pid
			for end := time.Now().Add(10 * time.Second); runs(p); time.Sleep(time.Millisecond) { // KILL is on its way
				if time.Now().After(end) {
					t.Fatalf("process %s still runs", p)
				}
			}
		})
	}
}

// A process that left the group and holds the pipes delays nothing for long.
func TestSomeoneHoldsThePipes(t *testing.T) {
	interpreter(t, "setsid")
	pid := ""
	b := body(t, Config{Argv: sh(`read -r x; setsid sleep 1000 & echo $! >&2; sleep 0.05; exit 1`), Stderr: func(_ int, line []byte) { pid = string(line) }})
	began := time.Now()
	_, err := do(t, b, "x")
	if !errors.As(err, new(*DeathError)) || time.Since(began) > 10*drain+5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if !runs(pid) {
		t.Error("the test needs it to run")
	}
	killPid(t, pid)
}

func TestClose(t *testing.T) {
	b := body(t, Config{Argv: sh(`read -r x`)})
	if err := errors.Join(b.Close(), b.Close()); err != nil {
		t.Errorf("never started: %v", err)
	}

	done := filepath.Join(t.TempDir(), "done")
	b = body(t, Config{Argv: sh(`while read -r x; do echo "$x"; done; echo end > "$DONE"`), Env: append(os.Environ(), "DONE="+done), Grace: 10 * time.Second})
	want(t, b, "a", "a")
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(done); err != nil {
		t.Errorf("it had time to end: %v", err)
	}
	want(t, b, "after Close", "after Close")

	b = body(t, Config{Argv: sh(`trap "" TERM; read -r x; echo "$x"; while :; do sleep 1000; done`), Grace: 50 * time.Millisecond})
	want(t, b, "a", "a")
	began := time.Now()
	if err := b.Close(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("one that heeds neither the end of its input nor TERM: %v after %v", err, time.Since(began))
	}
}
