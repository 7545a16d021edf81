//go:build unix

package lines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// language is a ready body of docs/bodies under its interpreter.
type language struct {
	name, file string
	json       bool
}

var languages = []language{{"python3", "body.py", true}, {"node", "body.mjs", true}, {"sh", "body.sh", false}, {"bash", "body.sh", false}}

func (l language) config(t testing.TB) Config {
	return Config{Argv: []string{interpreter(t, l.name), ready(t, l.file)}, JSON: l.json, Grace: 5 * time.Second}
}

// upper is what the ready bodies do; in sh it is that of the C locale.
func upper(l language, s string) string {
	if l.json {
		return strings.ToUpper(s)
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// text is the answer as text.
func text(t testing.TB, l language, answer []byte) string {
	t.Helper()
	if !l.json {
		return string(answer)
	}
	var s string
	if err := json.Unmarshal(answer, &s); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return s
}

func TestReadyBodies(t *testing.T) {
	items := []string{
		"plain", "", " leading and trailing ", `it's 12" $HOME`, "`id` $(id); rm -rf x \\ *", `{"a":"b"}`, "tab\there",
		"日本語 ü 🙂", "-n", "-e x\\ny", "%s %d", "two\rparts", "sep\u2028and\u2029", "a\x01b", strings.Repeat("long ", 40_000),
	}
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			b := body(t, l.config(t))
			for _, s := range items {
				answer, err := b.Do(t.Context(), item.Value{Text: s})
				if err != nil {
					t.Fatalf("%.80q: %v", s, err)
				}
				if got, want := text(t, l, answer), upper(l, s); got != want {
					t.Errorf("%.80q: %.80q, want %.80q", s, got, want)
				}
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// In JSON a newline is like any other character, values keep their type, and an
// exception is the item's failure and not the program's.
func TestReadyBodiesJSON(t *testing.T) {
	for _, l := range languages[:2] {
		t.Run(l.name, func(t *testing.T) {
			b := body(t, l.config(t))
			answer, err := b.Do(t.Context(), item.Value{Text: "two\nlines"})
			if err != nil || string(answer) != `"TWO\nLINES"` {
				t.Errorf("%s, %v", answer, err)
			}
			first := b.proc.cmd.Process.Pid
			_, err = b.Do(t.Context(), item.Value{Text: "17", JSON: json.RawMessage("17")})
			var failed *FailedError
			if !errors.As(err, &failed) || !strings.Contains(failed.Message, "Error: ") {
				t.Errorf("a number has no upper case, but: %v", err)
			}
			if answer, err := b.Do(t.Context(), item.Value{Text: "x"}); err != nil || string(answer) != `"X"` {
				t.Errorf("%s, %v", answer, err)
			}
			if b.proc.cmd.Process.Pid != first {
				t.Error("it was started again")
			}
		})
	}
}

func TestShellBodyFails(t *testing.T) {
	script, err := os.ReadFile(ready(t, "body.sh"))
	if err != nil {
		t.Fatal(err)
	}
	mine := strings.Replace(string(script), `printf '%s\n' "$1" | tr a-z A-Z`, `[ "$1" != bad ] || { echo "no such thing: $1" >&2; return 7; }; echo "ok $1"`, 1)
	b := body(t, Config{Argv: sh(mine), Grace: time.Second})
	for _, s := range []string{"one", "bad", "bad", "two"} {
		answer, err := b.Do(t.Context(), item.Value{Text: s})
		if s != "bad" {
			if err != nil || string(answer) != "ok "+s {
				t.Errorf("%s: %q, %v", s, answer, err)
			}
			continue
		}
		var death *DeathError
		if !errors.As(err, &death) || death.Code != 7 || !strings.HasSuffix(err.Error(), ": no such thing: bad") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// 10,000 items go through four bodies, and each gets its own answer.
func TestManyItems(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	for _, l := range languages[:3] {
		t.Run(l.name, func(t *testing.T) {
			if l.name == "sh" {
				n = n / 10 // its work starts a process
			}
			pool, err := New(l.config(t))
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for w := range 4 {
				wg.Go(func() {
					b := pool.Body(w + 1)
					for i := w; i < n; i += 4 {
						s := fmt.Sprintf("item %d it's \"q\" ü", i)
						answer, err := b.Do(context.Background(), item.Value{Text: s})
						if err != nil {
							t.Errorf("%s: %v", s, err)
							break
						}
						if got := text(t, l, answer); got != upper(l, s) {
							t.Errorf("%s: %s", s, got)
						}
					}
					if err := b.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// A body that is killed from outside in the middle costs the item it was at.
func TestKilledInterpreter(t *testing.T) {
	hang := map[string]string{
		"python3": `
import os, sys, time
for line in sys.stdin:
    if line == "hang\n":
        print(os.getpid(), file=sys.stderr, flush=True)
        time.sleep(1000)
    print("ok", line, end="", flush=True)`,
		"node": `
let rest = "";
for await (const chunk of process.stdin.setEncoding("utf8")) {
  const line = chunk.trimEnd();
  if (line === "hang") {
    console.error(process.pid);
    await new Promise((r) => setTimeout(r, 1e6));
  }
  process.stdout.write("ok " + line + "\n");
}`,
		"sh":   `while read -r x; do [ "$x" != hang ] || { echo $$ >&2; while :; do sleep 1000; done; }; echo "ok $x"; done`,
		"bash": `while read -r x; do [ "$x" != hang ] || { echo $$ >&2; while :; do sleep 1000; done; }; echo "ok $x"; done`,
	}
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			argv := []string{interpreter(t, l.name), "-c", hang[l.name]}
			if l.name == "node" {
				argv = []string{argv[0], "--input-type=module", "-e", hang[l.name]}
			}
			b := body(t, Config{Argv: argv, Grace: time.Second, Stderr: func(_ int, pid []byte) { killPid(t, string(pid)) }})
			for _, s := range []string{"a", "hang", "b", "hang", "hang", "c"} {
				answer, err := b.Do(t.Context(), item.Value{Text: s})
				var death *DeathError
				switch {
				case s != "hang" && (err != nil || string(answer) != "ok "+s):
					t.Errorf("%s: %q, %v", s, answer, err)
				case s == "hang" && (!errors.As(err, &death) || death.Code != 128+9 || death.Signal != "killed"):
					t.Errorf("%s: %v", s, err)
				}
			}
		})
	}
}
