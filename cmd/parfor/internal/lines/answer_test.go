//go:build unix

package lines

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

func TestTextAnswers(t *testing.T) {
	for name, tt := range map[string]struct{ script, item, want string }{
		"as it is":   {`cat`, "a\x00b\xff\xfe \r c", "a\x00b\xff\xfe \r c"},
		"CRLF":       {`while read -r x; do printf '%s\r\n' "$x"; done`, "x", "x"},
		"one CR":     {`while read -r x; do printf '%s\r\r\n' "$x"; done`, "x", "x\r"},
		"empty":      {`cat`, "", ""},
		"slot":       {`while read -r x; do echo "$x $PARFOR_SLOT"; done`, "x", "x 1"},
		"64 KiB":     {`cat`, strings.Repeat("x", 64<<10), strings.Repeat("x", 64<<10)},
		"longest":    {`cat`, strings.Repeat("y", maxLine), strings.Repeat("y", maxLine)},
		"from afar":  {`while read -r x; do pwd; done`, "x", "/"},
		"many lines": {`for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >&2; done; cat`, "x", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			b := body(t, Config{Argv: sh(tt.script), Dir: "/"})
			for range 3 {
				if got, err := do(t, b, tt.item); err != nil || got != tt.want {
					t.Errorf("%.50q, %v; want %.50q", got, err, tt.want)
				}
			}
		})
	}
}

func TestNewlineInItem(t *testing.T) {
	b := body(t, Config{Argv: sh(`cat`)})
	_, err := do(t, b, "a\nb")
	if !errors.As(err, new(*ItemError)) || !strings.Contains(err.Error(), "--lines-json") {
		t.Error(err)
	}
	if b.proc != nil {
		t.Error("it was started for that")
	}
}

// Answers against the rules are failures of the item at hand, and the next one
// has a process that knows nothing of it.
func TestWrongAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, script string // run for the item "bad"
		json         bool
		want         string
	}{
		{"two lines at once", `printf 'a\nb\n'`, false, `more than one line ("b" came after the first)`},
		{"a line and a half", `printf 'a\nb'`, false, `more than one line ("b" came after the first)`},
		{"too long", `head -c 2000 /dev/zero | tr '\0' x; echo`, false, "too long: more than 1000 bytes"},
		{"too long, without end", `tr '\0' x < /dev/zero`, false, "too long: more than 1000 bytes"},
		{"closes its output", `exec >&-; sleep 1000`, false, "closed its output without an answer"},
		{"not JSON", `echo Loading`, true, `answered "Loading", which is not {"id":…,"value":…} (invalid character 'L' looking for beginning of value)`},
		{"no id", `echo '{"value":1}'`, true, `which has no "id"`},
		{"id of the future", `echo '{"id":99,"value":1}'`, true, "where the id had to be 2"},
		{"id of nobody", `echo '{"id":0,"value":1}'`, true, "where the id had to be 2"},
		{"neither", `echo '{"id":2}'`, true, `neither "value" nor "error"`},
		{"both", `echo '{"id":2,"value":1,"error":"x"}'`, true, `both "value" and "error"`},
		{"NaN", `echo '{"id":2,"value":NaN}'`, true, "which is not {"},
		{"not UTF-8", `printf '{"id":2,"value":"\377"}\n'`, true, "not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			good, bad := `echo "$x"`, `bad`
			if tt.json {
				good, bad = `id=${x#*:}; echo "{\"id\":${id%%,*},\"value\":true}"`, `*bad*`
			}
			script := `while read -r x; do case $x in ` + bad + `) ` + tt.script + `;; *) ` + good + `;; esac; done`
			b := body(t, Config{Argv: sh(script), JSON: tt.json, MaxLine: 1000})
			if _, err := do(t, b, "good"); err != nil {
				t.Fatal(err)
			}
			pid := b.proc.cmd.Process.Pid
			_, err := do(t, b, "bad")
			if !errors.As(err, new(*AnswerError)) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want …%s…", err, tt.want)
			}
			if _, err := do(t, b, "good"); err != nil {
				t.Error(err)
			}
			if b.proc.cmd.Process.Pid == pid {
				t.Error("it was not started again")
			}
		})
	}
}

// notices collects what Notice says.
type notices struct {
	mu  sync.Mutex
	all []error
}

func (n *notices) add(_ int, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, err)
}

func (n *notices) one(t testing.TB) error {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.all) != 1 {
		t.Fatalf("%d notices: %v", len(n.all), n.all)
	}
	return n.all[0]
}

// idle waits for the process to have written more than it was asked.
func idle(t testing.TB, b *Body) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); unread(b.proc.out) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it wrote nothing")
		}
	}
}

// A line that comes when the item has its answer is reported, and doesn't
// become the answer to the next.
func TestLateLine(t *testing.T) {
	var n notices
	b := body(t, Config{Argv: sh(`while read -r x; do echo "$x"; [ "$x" != two ] || { sleep 0.1; echo extra; }; done`), Notice: n.add})
	want(t, b, "one", "one")
	want(t, b, "two", "two")
	idle(t, b)
	want(t, b, "three", "three")
	var surplus *SurplusError
	if err := n.one(t); !errors.As(err, &surplus) || surplus.Item != "two" || surplus.Answers != 2 || surplus.Text != "extra\n" {
		t.Error(err)
	}
	want(t, b, "two", "two")
	idle(t, b)
	if err := b.Close(); !errors.As(err, &surplus) || surplus.Item != "two" || surplus.Answers != 2 {
		t.Error(err)
	}
}

// Two lines, written one after the other, are found out at the first item.
func TestTwoLines(t *testing.T) {
	b := body(t, Config{Argv: []string{interpreter(t, "python3"), "-c", `
import sys
for line in sys.stdin:
    print("a", flush=True)
    print("b", flush=True)`}})
	if _, err := do(t, b, "x"); !errors.As(err, new(*AnswerError)) || !strings.Contains(err.Error(), "more than one line") {
		t.Error(err)
	}
}

// A program that is one line ahead all the time is found out at the end, at the
// latest.
func TestShifted(t *testing.T) {
	var n notices
	b := body(t, Config{Argv: sh(`echo hello; while read -r x; do sleep 0.2; echo "$x"; done`), Grace: 10 * time.Second, Notice: n.add})
	failed := 0
	for range 4 {
		if _, err := do(t, b, "x"); err != nil {
			failed++
		}
	}
	err := b.Close()
	if failed+len(n.all) == 0 && !errors.As(err, new(*SurplusError)) {
		t.Error("nobody noticed")
	}
}

// In JSON mode the id decides: a second answer is reported and disturbs nobody.
func TestJSONSecondAnswer(t *testing.T) {
	var n notices
	script := `while read -r x; do id=${x#*:}; id=${id%%,*}
		[ $id != 3 ] || echo '{"id":2,"value":"again"}'
		echo "{\"id\":$id,\"value\":$id}"; done`
	b := body(t, Config{Argv: sh(script), JSON: true, Notice: n.add})
	for _, id := range []string{"1", "2", "3", "4"} {
		want(t, b, "x", id)
	}
	var surplus *SurplusError
	if err := n.one(t); !errors.As(err, &surplus) || !strings.Contains(err.Error(), `"again`) {
		t.Error(err)
	}
}

func TestJSONAnswers(t *testing.T) {
	for name, tt := range map[string]struct{ answer, value, failed string }{
		"null":         {`{"id":1,"value":null}`, "null", ""},
		"number":       {`{"id":1,"value":1e400}`, "1e400", ""},
		"spaces, CRLF": {` { "value" : [ 1 ] , "id" : 1 } ` + "\r", "[ 1 ]", ""},
		"no error":     {`{"id":1,"value":"x","error":null}`, `"x"`, ""},
		"error":        {`{"id":1,"error":"no such user"}`, "", "no such user"},
		"error, null":  {`{"id":1,"error":"e","value":null}`, "", "e"},
		"error object": {`{"id":1,"error":{"code":7}}`, "", `{"code":7}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := body(t, Config{Argv: []string{"sh", "-c", `while read -r x; do printf '%s\n' "$1"; done`, "sh", tt.answer}, JSON: true})
			got, err := do(t, b, "x")
			if tt.failed != "" {
				if failed, ok := err.(*FailedError); !ok || failed.Message != tt.failed || b.proc == nil {
					t.Errorf("%q, %v; want %s and a process that lives", got, err, tt.failed)
				}
			} else if err != nil || got != tt.value {
				t.Errorf("%q, %v; want %s", got, err, tt.value)
			}
		})
	}
}

func TestItemsAsJSON(t *testing.T) {
	echo := `while read -r x; do id=${x#*:}; printf '{"id":%s,"value":%s}\n' "${id%%,*}" "$x"; done`
	b := body(t, Config{Argv: sh(echo), JSON: true})
	for _, tt := range []struct {
		v    item.Value
		want string
	}{
		{item.Value{Text: `a "b" <c> & 'd'`}, `{"id":1,"item":"a \"b\" <c> & 'd'"}`},
		{item.Value{Text: "12"}, `{"id":2,"item":"12"}`},
		{item.Value{Text: "12", JSON: json.RawMessage("12")}, `{"id":3,"item":12}`},
		{item.Value{JSON: json.RawMessage("{\n \"n\": 12345678901234567890 }")}, `{"id":4,"item":{"n":12345678901234567890}}`},
	} {
		got, err := b.Do(t.Context(), tt.v)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s, %v; want %s", got, err, tt.want)
		}
	}
	for _, v := range []item.Value{{Text: "\xff"}, {JSON: json.RawMessage("{")}} {
		if _, err := b.Do(t.Context(), v); !errors.As(err, new(*ItemError)) {
			t.Error(err)
		}
	}
}
