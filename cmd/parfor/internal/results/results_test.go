package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

func open(t *testing.T, file string, o Options) *Results {
	t.Helper()
	if o.Template == "" {
		o.Template = "run echo {}"
	}
	r, err := Open([]string{file}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// add runs an item: true if it had to.
func add(t *testing.T, r *Results, key string, seq int, status record.Status) bool {
	t.Helper()
	name, run, err := r.Admit(key, seq, func() (string, error) { return "task of " + key, nil })
	if err != nil {
		t.Fatal(err)
	}
	if run {
		rec := record.Record{Key: name, Seq: seq, Status: status, Attempts: 1, Started: time.Unix(1, 5).UTC(), MS: 1.5, Worker: 1}
		text := "out of " + key
		rec.Output = &text
		if err := r.Append(rec, "task of "+key); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func finish(t *testing.T, r *Results, done bool) {
	t.Helper()
	if err := r.Finish(done); err != nil {
		t.Fatal(err)
	}
}

func keysOf(t *testing.T, file string) (keys []string) {
	t.Helper()
	if err := Read(file, func(_ string, k Kept) error { keys = append(keys, k.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	return keys
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestInTheOrderOfTheInput(t *testing.T) {
	for _, ending := range Formats {
		file := filepath.Join(t.TempDir(), "out"+ending)
		r := open(t, file, Options{})
		for _, seq := range []int{3, 1, 2} { // as they end
			r.Admit(fmt.Sprint("k", seq), seq, nil)
			text := "text\nof \"" + fmt.Sprint(seq)
			rec := record.Record{Key: fmt.Sprint("k", seq), Seq: seq, Status: record.OK, Output: &text, Started: time.Unix(1, 0).UTC()}
			if err := r.Append(rec, "t"); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, r, true)
		same(t, ending, keysOf(t, file), []string{"k1", "k2", "k3"})
		if _, err := os.Stat(JournalOf(file)); !isMissing(err) {
			t.Errorf("%s: the journal is still there: %v", ending, err)
		}
	}
}

// What is read is what was kept, in each format.
func TestFormats(t *testing.T) {
	empty, text := "", "ünï\x00code, \"quoted\"\n"
	base := record.Record{Seq: 1, Status: record.Failed, Code: 7, Stderr: "no\n", Error: "exit 7", Attempts: 3,
		Started: time.Date(2026, 7, 25, 12, 0, 0, 123456789, time.UTC), MS: 12.345, Worker: 4, Truncated: true}
	for name, set := range map[string]func(*record.Record){
		"text":  func(r *record.Record) { r.Output = &text },
		"empty": func(r *record.Record) { r.Output = &empty },
		"body":  func(r *record.Record) { r.Body = json.RawMessage(`{"a":[1,2.50,null]}`) },
		"bytes": func(r *record.Record) { r.Base64 = []byte{0xff, 0, 1} },
		"file":  func(r *record.Record) { r.File = "a/b" },
	} {
		for _, ending := range append([]string{".journal"}, Formats...) {
			want := base
			want.Key = name
			set(&want)
			dir := t.TempDir()
			file := filepath.Join(dir, "out.json")
			if ending != ".journal" {
				file = filepath.Join(dir, "out"+ending)
			}
			r := open(t, file, Options{})
			r.Admit(name, 1, nil)
			if err := r.Append(want, "task"); err != nil {
				t.Fatal(err)
			}
			finish(t, r, ending != ".journal")
			if ending == ".journal" {
				file = JournalOf(file)
			}
			var got Kept
			if err := Read(file, func(_ string, k Kept) error { got = k; return nil }); err != nil {
				t.Fatal(err)
			}
			same(t, name+ending, got, Kept{want, "task"})
		}
	}
}

func TestResume(t *testing.T) {
	for _, ending := range Formats {
		for _, done := range []bool{false, true} { // the first run was killed, or came to its end
			what := fmt.Sprint(ending, done)
			file := filepath.Join(t.TempDir(), "out"+ending)
			r := open(t, file, Options{})
			add(t, r, "a", 1, record.OK)
			add(t, r, "b", 2, record.Failed)
			add(t, r, "gone", 3, record.OK)
			finish(t, r, done)

			if _, err := Open([]string{file}, Options{Template: "run echo {}"}); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "2 good and 1 others") {
				t.Errorf("%s: opened again: %v", what, err)
			}
			r = open(t, file, Options{Resume: true})
			same(t, what+" before", r.Before(), Before{OK: 2, Failed: 1})
			same(t, what+" new runs", add(t, r, "new", 1, record.OK), true)
			same(t, what+" done is skipped", add(t, r, "a", 2, record.OK), false)
			same(t, what+" failed runs again", add(t, r, "b", 3, record.OK), true)
			finish(t, r, true)
			same(t, what, keysOf(t, file), []string{"new", "a", "b", "gone"})

			r = open(t, file, Options{Force: true})
			same(t, what+" over", add(t, r, "a", 1, record.OK), true)
			finish(t, r, true)
			same(t, what+" over", keysOf(t, file), []string{"a"})
		}
	}
}

func TestAnotherCommandIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	r := open(t, file, Options{})
	add(t, r, "a", 1, record.OK)
	finish(t, r, false)
	_, err := Open([]string{file}, Options{Template: "run rm {}", Resume: true})
	if !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), "then run echo {}") || !strings.Contains(err.Error(), "now  run rm {}") {
		t.Error(err)
	}
	same(t, "nothing is lost", keysOf(t, JournalOf(file)), []string{"a"})
}

func TestAnItemThatWouldRunOtherwise(t *testing.T) {
	for changed, want := range map[Changed]any{Fail: "otherwise", Rerun: true, Keep: false, "": "otherwise"} {
		file := filepath.Join(t.TempDir(), "out.jsonl")
		r := open(t, file, Options{})
		add(t, r, "a", 1, record.OK)
		finish(t, r, true)
		r = open(t, file, Options{Resume: true, Changed: changed})
		_, run, err := r.Admit("a", 1, func() (string, error) { return "another", nil })
		if text, ok := want.(string); ok {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%q: %v", changed, err)
			}
		} else if err != nil || run != want {
			t.Errorf("%q: %v, %v", changed, run, err)
		}
		finish(t, r, false)
	}
}

func TestDuplicates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	r := open(t, file, Options{})
	add(t, r, "a", 1, record.OK)
	if _, _, err := r.Admit("a", 2, nil); err == nil || !strings.Contains(err.Error(), `items 1 and 2 have the same key "a"`) {
		t.Error(err)
	}
	finish(t, r, false)

	r = open(t, file, Options{Force: true, OnDuplicate: Suffix})
	for seq := range 3 {
		add(t, r, "a", seq+1, record.OK)
	}
	add(t, r, "a#2", 4, record.OK)
	finish(t, r, true)
	same(t, "suffixes", keysOf(t, file), []string{"a", "a#2", "a#3", "a#2#2"})

	for _, order := range [][]int{{1, 2}, {2, 1}} { // in which they end
		r = open(t, file, Options{Force: true, OnDuplicate: Last})
		r.Admit("a", 1, nil)
		r.Admit("a", 2, nil)
		for _, seq := range order {
			text := fmt.Sprint(seq)
			r.Append(record.Record{Key: "a", Seq: seq, Status: record.OK, Output: &text}, "t")
		}
		finish(t, r, true)
		Read(file, func(_ string, k Kept) error { same(t, fmt.Sprint("last of ", order), *k.Output, "2"); return nil })
	}
}

// A journal that ends anywhere is read up to its last whole line.
func TestTornAtEveryByte(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	r := open(t, file, Options{})
	for seq := range 3 {
		add(t, r, fmt.Sprint("k", seq), seq+1, record.OK)
	}
	finish(t, r, false)
	whole, err := os.ReadFile(JournalOf(file))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for n := range whole {
		if err := os.WriteFile(JournalOf(file), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		rows := 0
		for at := len(lines[0]); rows < 3 && at+len(lines[rows+1]) <= n; rows++ {
			at += len(lines[rows+1])
		}
		r := open(t, file, Options{Resume: true})
		if got := r.Before(); got.OK != rows {
			t.Errorf("cut at %d: %+v, want %d rows", n, got, rows)
		}
		add(t, r, "more", 9, record.OK) // it can be gone on with
		finish(t, r, false)
		if got := len(keysOf(t, JournalOf(file))); got != rows+1 {
			t.Errorf("cut at %d: %d rows after another", n, got)
		}
	}
}

func TestDamageIsSeen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	r := open(t, file, Options{})
	for seq := range 3 {
		add(t, r, fmt.Sprint("k", seq), seq+1, record.OK)
	}
	finish(t, r, false)
	whole, _ := os.ReadFile(JournalOf(file))
	begin := bytes.IndexByte(whole, '\n') + 1
	end := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for at := begin; at < end-1; at += 7 {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		os.WriteFile(JournalOf(file), bad, 0o600)
		if _, err := Open([]string{file}, Options{Template: "run echo {}", Resume: true}); err == nil || !strings.Contains(err.Error(), "damaged at byte") {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
}

func TestOneRunAtATime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.json")
	r := open(t, file, Options{})
	if _, err := Open([]string{file}, Options{Template: "run echo {}", Resume: true}); err == nil || !strings.Contains(err.Error(), "another parfor") {
		t.Error(err)
	}
	finish(t, r, true)
}

func TestManyAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.jsonl")
	r := open(t, file, Options{})
	for seq := range 1000 {
		r.Admit(fmt.Sprint(seq), seq+1, nil)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for seq := w; seq < 1000; seq += 8 {
				if err := r.Append(record.Record{Key: fmt.Sprint(seq), Seq: seq + 1, Status: record.OK}, "t"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	finish(t, r, true)
	for i, key := range keysOf(t, file) {
		if key != fmt.Sprint(i) {
			t.Fatalf("row %d is %s", i, key)
		}
	}
}

func TestEndings(t *testing.T) {
	if _, err := Open([]string{"out.xlsx"}, Options{}); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	r, err := Open(nil, Options{OnDuplicate: Refuse})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Append(record.Record{Key: "a"}, ""); err != nil {
		t.Error(err)
	}
	finish(t, r, true)
}

func TestTemporary(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r, err := Open(nil, Options{Temporary: true})
	if err != nil {
		t.Fatal(err)
	}
	add(t, r, "a", 1, record.OK)
	var out bytes.Buffer
	if err := r.Write(&out, ".json"); err != nil || !json.Valid(out.Bytes()) || !strings.Contains(out.String(), `"a": {`) {
		t.Errorf("%v\n%s", err, out.String())
	}
	finish(t, r, true)
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"parfor\":\"results\",\"version\":1,\"sum\":\"00000000\"}\n"))
	f.Add(append(seal([]byte(`{"parfor":"results","version":1,"template":"t"}`)), seal([]byte(`{"key":"a","status":"ok"}`))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := int64(0)
		_, end, err := scan(bytes.NewReader(b), "x", func(off int64, _ Kept) error {
			if off < n {
				t.Errorf("offset %d after %d", off, n)
			}
			n = off
			return nil
		})
		if err == nil && end > int64(len(b)) {
			t.Errorf("%d good bytes of %d", end, len(b))
		}
	})
}
