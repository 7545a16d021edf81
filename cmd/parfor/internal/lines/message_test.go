//go:build unix

package lines

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

func FuzzReply(f *testing.F) {
	for _, s := range []string{`{"id":1,"value":1}`, `{"id":1,"error":"x"}`, `{"id":1,"value":null,"error":null}`, `{"id":0}`, `[]`, `null`, `{"ID":1,"value":{}}`, "{\"id\":1,\"value\":\"\xff\"}", `{"id":1e0,"value":1}`} {
		f.Add([]byte(s), int64(1))
	}
	f.Fuzz(func(t *testing.T, line []byte, id int64) {
		value, err := reply(line, id)
		var failed *FailedError
		var wrong *AnswerError
		switch {
		case err == nil:
			if !json.Valid(value) || !utf8.Valid(value) {
				t.Errorf("%q: the value %q is no JSON", line, value)
			}
		case errors.As(err, &failed), err == errStale:
		case errors.As(err, &wrong):
			if !utf8.ValidString(err.Error()) {
				t.Errorf("%q", err.Error())
			}
		default:
			t.Errorf("%q: %v", line, err)
		}
	})
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{"", "a", "\n", "<&>", "\u2028", "\xff", `"\`} {
		f.Add(s, int64(1))
	}
	f.Fuzz(func(t *testing.T, text string, id int64) {
		if line, err := request(false, id, item.Value{Text: text}); err == nil {
			if string(line) != text+"\n" || bytes.Count(line, []byte("\n")) != 1 {
				t.Errorf("%q: %q", text, line)
			}
		} else if !strings.Contains(text, "\n") {
			t.Errorf("%q: %v", text, err)
		}
		line, err := request(true, id, item.Value{Text: text})
		if err != nil {
			if utf8.ValidString(text) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		var got struct {
			ID   int64
			Item string
		}
		if err := json.Unmarshal(line, &got); err != nil || got.ID != id || got.Item != text || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Errorf("%q: %q, %v", text, line, err)
		}
	})
}

// What is written to stderr is handed on whole, and the last of it is kept.
func FuzzTail(f *testing.F) {
	for _, s := range []string{"", "a", "a\n", "a\r\nb", "\n\n", "\xff\n", strings.Repeat("x", piece+1), strings.Repeat("y\n", 30)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		tail := newTail(r, func(line []byte) { got = append(got, string(line)) })
		w.Write(text)
		w.Close()
		<-tail.done
		if len(text) < piece {
			want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			for i := range want {
				want[i] = strings.TrimSuffix(want[i], "\r")
			}
			if len(text) == 0 || string(text) == "\r" {
				want = nil
			}
			if strings.HasSuffix(string(text), "\n\r") {
				want = want[:len(want)-1] // an empty piece at the end is none
			}
			if fmt.Sprint(want) != fmt.Sprint(got) || len(want) != len(got) {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		} else if n := len(strings.Join(got, "")); n > len(text) || n == 0 {
			t.Errorf("%d bytes became %d", len(text), n)
		}
		if last := tail.lines(); len(last) != min(len(got), tailLines) || !utf8.ValidString(strings.Join(last, "")) {
			t.Errorf("%q", last)
		}
	})
}

func TestNew(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"plain.py": 0o644, "prog": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\ncat\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		cfg  Config
		want string // "": no error
	}{
		{Config{}, "needs the program that answers"},
		{Config{Argv: []string{""}}, "needs the program that answers"},
		{Config{Argv: []string{"no-such-program"}}, "there is no program no-such-program"},
		{Config{Argv: []string{"plain.py"}, Dir: dir}, "write ./plain.py, or name its interpreter first: python3 plain.py"},
		{Config{Argv: []string{"./plain.py"}, Dir: dir}, "chmod +x"},
		{Config{Argv: []string{"./prog"}, Dir: dir}, ""},
		{Config{Argv: []string{filepath.Join(dir, "prog")}}, ""},
		{Config{Argv: []string{"sh"}, Timeout: -1}, "below 0"},
		{Config{Argv: []string{"sh"}, MaxLine: -1}, "below 0"},
	} {
		pool, err := New(tt.cfg)
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v: %v; want …%s…", tt.cfg.Argv, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", tt.cfg.Argv, err)
			continue
		}
		b := pool.Body(1)
		want(t, b, "x", "x")
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFail(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status record.Status
		code   int
		stderr string
	}{
		{&ItemError{"x"}, record.Failed, 0, ""},
		{&FailedError{"x"}, record.Failed, 0, ""},
		{&DeathError{Code: 7, Stderr: []string{"a", "b"}}, record.Failed, 7, "a\nb\n"},
		{&TimeoutError{After: time.Second}, record.Timeout, 0, ""},
		{&AnswerError{Stderr: []string{"a"}}, record.Failed, 0, "a\n"},
		{&BrokenError{Last: &DeathError{Code: 137}}, record.Failed, 137, ""},
		{context.Canceled, record.Canceled, 0, ""},
		{context.DeadlineExceeded, record.Timeout, 0, ""},
	} {
		r := record.Record{Code: 99}
		Fail(&r, tt.err)
		if r.Status != tt.status || r.Code != tt.code || r.Stderr != tt.stderr || r.Error != tt.err.Error() {
			t.Errorf("%T: %+v", tt.err, r)
		}
	}
}

func TestSurplusText(t *testing.T) {
	for _, tt := range []struct {
		err  SurplusError
		want string
	}{
		{SurplusError{Prog: "p", Text: "hello\n"}, `p wrote "hello" before it was asked for anything: its output is for answers only, everything else goes to stderr`},
		{SurplusError{Prog: "p", Text: "b", Item: strings.Repeat("ü", 40), Answers: 2, JSON: true}, `p wrote "b" after its answer to the item "` + strings.Repeat("ü", 30) + `"…: its output`},
		{SurplusError{Prog: "p", Text: "b", Item: "a", Answers: 2}, "any of the 2 answers"},
	} {
		if got := tt.err.Error(); !strings.Contains(got, tt.want) {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
}
