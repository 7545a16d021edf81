package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

var base = Options{Fingerprint: "http\nGET https://api.test/{}", Sync: SyncNever}

func text(s string) *string { return &s }

// rec is item n, which has all that can be in a record.
func rec(n int) record.Record {
	r := record.Record{Key: fmt.Sprint("k", n), Seq: n, Status: record.OK, Code: 200, Attempts: 1, MS: float64(n) + 0.5, Worker: 1,
		Started: time.Date(2026, 11, 28, 12, 0, n%60, 1000*n, time.UTC)}
	switch n % 5 {
	case 0:
		r.Body = json.RawMessage(fmt.Sprintf(`{"id":%d,"tags":["a","é"]}`, n))
	case 1:
		r.Output = text("line one\r\nline \"two\", and\nthree\x00 ")
	case 2:
		r.Output = text("")
	case 3:
		r.Base64, r.Truncated = []byte{0, 0xff, byte(n)}, true
	case 4:
		r.Status, r.Code, r.Error, r.Stderr, r.File = record.Failed, 22, "exit 22", " curl: (22)\n", "out/4.png"
	}
	return r
}

func task(n int) string { return fmt.Sprintf("%016x", n) }

func open(t *testing.T, o Options, paths ...string) *Results {
	t.Helper()
	r, err := tryOpen(o, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryOpen(o Options, paths ...string) (*Results, error) {
	var outs []Output
	for _, p := range paths {
		out, err := To(p)
		if err != nil {
			return nil, err
		}
		outs = append(outs, out)
	}
	return Open(outs, o)
}

func in(t *testing.T, name string) string { return filepath.Join(t.TempDir(), name) }

// do plans and appends item n at its place, and tells whether it was to run.
func do(t *testing.T, r *Results, n int) bool { t.Helper(); return doAs(t, r, n, rec(n)) }

func doAs(t *testing.T, r *Results, seq int, as record.Record) bool {
	t.Helper()
	h := strings.TrimPrefix(as.Key, "k")
	d, err := r.Plan(seq, as.Key, h)
	if err != nil {
		t.Fatal(err)
	}
	if d.Action == Skip {
		return false
	}
	as.Key, as.Seq = d.Key, seq
	if err := r.Append(as, h); err != nil {
		t.Fatal(err)
	}
	return true
}

func finish(t *testing.T, r *Results) Summary {
	t.Helper()
	s, err := r.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, path string) []record.Record {
	t.Helper()
	var all []record.Record
	for r, err := range Read(path) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func keys(all []record.Record) string {
	var ks []string
	for _, r := range all {
		ks = append(ks, r.Key)
	}
	return strings.Join(ks, " ")
}

func there(path string) bool { _, err := os.Stat(path); return err == nil }

var suffixes = []string{".json", ".jsonl", ".csv", ".db"}

func TestEveryFormatReadsBack(t *testing.T) {
	for _, suffix := range suffixes {
		t.Run(suffix, func(t *testing.T) {
			path := in(t, "a b%?#é"+suffix)
			r := open(t, base, path)
			var want []record.Record
			for n := 1; n <= 10; n++ {
				w := rec(n)
				w.Task = stampOf(base.Fingerprint) + strings.TrimPrefix(w.Key, "k")
				want = append(want, w)
			}
			for _, n := range []int{2, 1, 5, 10, 3, 4, 9, 8, 7, 6} {
				do(t, r, n)
			}
			if there(path) {
				t.Error("there before the end")
			}
			if got := read(t, path); !reflect.DeepEqual(got, want) {
				t.Errorf("the journal:\n%+v\n%+v", got, want)
			}
			s := finish(t, r)
			if want := (Summary{Counts: Counts{OK: 8, Failed: 2}, Safe: 10}); s != want {
				t.Errorf("%+v", s)
			}
			if there(journalOf(path)) {
				t.Error("the journal is left")
			}
			got := read(t, path)
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("\n%+v\n%+v", got[i], want[i])
				}
			}
			left, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(left) != 1 {
				t.Errorf("%v %v", left, err)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, suffix := range suffixes {
		paths = append(paths, filepath.Join(dir, "r"+suffix))
	}
	s := finish(t, open(t, base, paths...))
	if s != (Summary{}) {
		t.Errorf("%+v", s)
	}
	for _, p := range paths {
		if got := read(t, p); len(got) != 0 {
			t.Errorf("%s: %v", p, got)
		}
	}
	if b, err := os.ReadFile(paths[0]); err != nil || string(b) != "{}\n" {
		t.Errorf("%q %v", b, err)
	}
}

func TestExisting(t *testing.T) {
	for _, suffix := range suffixes {
		path := in(t, "r"+suffix)
		r := open(t, base, path)
		for n := 1; n <= 5; n++ {
			do(t, r, n)
		}
		o := base
		o.Total = 9
		refused := func(where string) {
			t.Helper()
			_, err := tryOpen(o, path)
			if want := path + " has 4 of 9 done: add --resume to go on, --force to start over"; !errors.Is(err, ErrExists) || err.Error() != want {
				t.Errorf("%s: %v", where, err)
			}
		}
		if _, err := tryOpen(base, path); !errors.Is(err, ErrLocked) {
			t.Errorf("in use: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		refused("a journal")
		o2 := base
		o2.Resume = true
		finish(t, open(t, o2, path))
		refused("a file")
		if there(journalOf(path)) {
			t.Error("a refusal leaves a journal")
		}
		o2 = base
		o2.Force = true
		r = open(t, o2, path)
		do(t, r, 7)
		finish(t, r)
		if got := keys(read(t, path)); got != "k7" {
			t.Errorf("forced: %s", got)
		}
	}
}

func TestAForeignFileIsRefused(t *testing.T) {
	path := in(t, "r.json")
	for _, content := range []string{"[1,2]", "", "hello"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tryOpen(base, path); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "--force") {
			t.Errorf("%q: %v", content, err)
		}
		o := base
		o.Resume = true
		if _, err := tryOpen(o, path); err == nil || !strings.Contains(err.Error(), "--force") {
			t.Errorf("%q: %v", content, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content || there(journalOf(path)) {
			t.Errorf("%q became %q, %v", content, b, err)
		}
	}
	for _, content := range []string{"hello", "hello\n", "{\"a\":1}\n{}\n"} {
		path := in(t, "r.json")
		if err := os.WriteFile(journalOf(path), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		o := base
		o.Resume = true
		var damage *DamageError
		if _, err := tryOpen(o, path); !errors.As(err, &damage) {
			t.Errorf("%q: %v", content, err)
		}
		if b, err := os.ReadFile(journalOf(path)); err != nil || string(b) != content {
			t.Errorf("%q became %q, %v", content, b, err)
		}
	}
}

// A run of 1 to 5, a resumed one of 1 to 7: what is ok is skipped, from a
// journal and from each kind of file.
func TestResume(t *testing.T) {
	for _, suffix := range suffixes {
		for _, finished := range []bool{false, true} {
			path := in(t, "r"+suffix)
			r := open(t, base, path)
			for n := 1; n <= 5; n++ {
				do(t, r, n)
			}
			if finished {
				finish(t, r)
			} else if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			o := base
			o.Resume = true
			r = open(t, o, path)
			if r.Before() != (Counts{OK: 4, Failed: 1}) {
				t.Errorf("%+v", r.Before())
			}
			var ran []int
			for n := 1; n <= 7; n++ {
				if do(t, r, n) {
					ran = append(ran, n)
				}
			}
			if !slices.Equal(ran, []int{4, 6, 7}) {
				t.Errorf("%s: ran %v", path, ran)
			}
			if s := finish(t, r); s != (Summary{Counts: Counts{OK: 6, Failed: 1}, Safe: 3}) {
				t.Errorf("%+v", s)
			}
			if got := keys(read(t, path)); got != "k1 k2 k3 k4 k5 k6 k7" {
				t.Error(got)
			}
		}
	}
}

// The input moved: records get the numbers it has now, and what has gone from
// it stays, at the end.
func TestAMovingInput(t *testing.T) {
	for _, c := range []struct {
		name, second, want string
		gone               int
	}{
		{"prepended", "9 1 2 3", "9 1 2 3", 0},
		{"removed", "1 3", "1 3 2", 1},
		{"others", "7 8 9", "7 8 9 1 2 3", 3},
		{"interrupted", "1", "1 2 3", 0},
		{"nothing", "", "1 2 3", 0},
		{"turned", "3 2 1", "3 2 1", 0},
	} {
		path := in(t, "r.json")
		r := open(t, base, path)
		for n := 1; n <= 3; n++ {
			do(t, r, n)
		}
		finish(t, r)
		o := base
		o.Resume = true
		r = open(t, o, path)
		for i, k := range strings.Fields(c.second) {
			doAs(t, r, i+1, record.Record{Key: "k" + k, Status: record.OK})
		}
		s := finish(t, r)
		all := read(t, path)
		if got := strings.ReplaceAll(keys(all), "k", ""); got != c.want || s.Gone != c.gone {
			t.Errorf("%s: %s, %d gone", c.name, got, s.Gone)
		}
		for i := range strings.Fields(c.second) {
			if all[i].Seq != i+1 {
				t.Errorf("%s: %d is number %d", c.name, i+1, all[i].Seq)
			}
		}
	}
}

func TestChanged(t *testing.T) {
	for _, c := range []struct {
		changed Changed
		action  Action
		err     error
	}{{"", Run, ErrChanged}, {ChangedFail, Run, ErrChanged}, {ChangedRerun, Run, nil}, {ChangedKeep, Skip, nil}} {
		path := in(t, "r.jsonl")
		r := open(t, base, path)
		do(t, r, 1)
		do(t, r, 4)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		o := base
		o.Resume, o.Changed = true, c.changed
		r = open(t, o, path)
		d, err := r.Plan(1, "k1", "other")
		if !errors.Is(err, c.err) || d.Action != c.action {
			t.Errorf("%q: %v %v", c.changed, d, err)
		}
		if c.err != nil && !strings.Contains(err.Error(), `"k1"`) {
			t.Error(err)
		}
		if d, err := r.Plan(2, "k4", "mended"); err != nil || d.Action != Run {
			t.Errorf("failed before: %v %v", d, err)
		}
		if d.Action == Run && err == nil {
			if err := r.Append(record.Record{Key: "k1", Seq: 1, Status: record.OK}, "other"); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, r)
		want := "1"
		if c.changed == ChangedRerun {
			want = "other"
		}
		for _, got := range read(t, path) {
			if got.Key == "k1" && got.Task != stampOf(base.Fingerprint)+want {
				t.Errorf("%q: %s is kept", c.changed, got.Task)
			}
		}
	}
}

func TestDuplicates(t *testing.T) {
	path := in(t, "r.json")
	r := open(t, base, path)
	do(t, r, 1)
	_, err := r.Plan(9, "k1", "1")
	if !errors.Is(err, ErrDuplicate) || !strings.Contains(err.Error(), "items 1 and 9") {
		t.Error(err)
	}
	finish(t, r)

	o := base
	o.OnDuplicate = DuplicateSuffix
	for _, resume := range []bool{false, true} {
		path := in(t, "r.json")
		for round := range 2 {
			o.Resume = round > 0
			r := open(t, o, path)
			for seq, k := range []string{"a", "b", "a", "a#2", "a", "a#2"} {
				ran := doAs(t, r, seq+1, record.Record{Key: k, Status: record.OK})
				if ran != (round == 0) {
					t.Errorf("round %d: item %d: ran: %v", round, seq+1, ran)
				}
			}
			finish(t, r)
			if got := keys(read(t, path)); got != "a b a#2 a#2#2 a#3 a#2#3" {
				t.Errorf("resume %v: %s", resume, got)
			}
		}
	}
}

func TestDuplicatesLast(t *testing.T) {
	path := in(t, "r.json")
	o := base
	o.OnDuplicate = DuplicateLast
	items := []string{"a 1", "b 1", "a 2", "c 1", "a 2"}
	for round, want := range []string{"a 1 b 1 a 2 c 1 a 2", "a 1", "a 1"} {
		o.Resume = round > 0
		r := open(t, o, path)
		var ran []string
		for i, it := range items {
			k, h, _ := strings.Cut(it, " ")
			d, err := r.Plan(i+1, k, h)
			if err != nil {
				t.Fatal(err)
			}
			if d.Action == Skip {
				continue
			}
			ran = append(ran, it)
			if err := r.Append(record.Record{Key: k, Seq: i + 1, Status: record.OK, Code: i + 1}, h); err != nil {
				t.Fatal(err)
			}
		}
		if round == 2 {
			r.Close()
			break
		}
		finish(t, r)
		if got := strings.Join(ran, " "); got != want {
			t.Errorf("round %d: ran %s", round, got)
		}
		all := read(t, path)
		if keys(all) != "b c a" || all[2].Code != 5 || all[2].Seq != 5 {
			t.Errorf("round %d: %+v", round, all)
		}
	}
}

func TestStandardOutput(t *testing.T) {
	var lines, dict bytes.Buffer
	r, err := Open([]Output{{Format: JSONL, W: &lines}, {Format: JSON, W: &dict}}, base)
	if err != nil {
		t.Fatal(err)
	}
	do(t, r, 2)
	if n := strings.Count(lines.String(), "\n"); n != 1 {
		t.Errorf("%d lines when one is done", n)
	}
	do(t, r, 1)
	finish(t, r)
	var all map[string]record.Record
	if err := json.Unmarshal(dict.Bytes(), &all); err != nil || len(all) != 2 || all["k2"].Code != 200 {
		t.Errorf("%s: %v", &dict, err)
	}
	if strings.Contains(lines.String()+dict.String(), "crc") {
		t.Error("checksums go nowhere but into the journal")
	}
	if !strings.HasPrefix(lines.String(), `{"key":"k2"`) || !strings.HasPrefix(dict.String(), "{\n\"k1\": ") {
		t.Errorf("%s%s", &lines, &dict)
	}
	r, err = Open([]Output{{Format: JSONL, W: &lines}}, base)
	if err != nil {
		t.Fatal(err)
	}
	do(t, r, 3)
	if r.file != nil {
		t.Error("a file that nobody reads")
	}
	do(t, r, 4)
	if s := finish(t, r); s != (Summary{Counts: Counts{OK: 1, Failed: 1}, Safe: 2}) {
		t.Errorf("%+v", s)
	}
}

func TestManyGoroutines(t *testing.T) {
	path, db := in(t, "r.jsonl"), in(t, "r.db")
	r := open(t, base, path, db)
	const n = 2520 // of the database, rows that are not a whole number of statements
	var next sync.Mutex
	seq := 0
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for {
				next.Lock()
				seq++
				mine := seq
				next.Unlock()
				if mine > n {
					return
				}
				w := rec(mine)
				if _, err := r.Plan(mine, w.Key, task(mine)); err != nil {
					t.Error(err)
				}
				if err := r.Append(w, task(mine)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if s := finish(t, r); s.All() != n || s.Safe != n {
		t.Errorf("%+v", s)
	}
	for i, got := range read(t, path) {
		if got.Seq != i+1 || unstamped(got.Task) != task(i+1) {
			t.Fatalf("%+v at %d", got, i)
		}
	}
	if a, b := read(t, path), read(t, db); !reflect.DeepEqual(a, b) {
		t.Errorf("%d and %d records that differ", len(a), len(b))
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		path string
		o    Options
		part string
	}{
		{"r.txt", base, "no format"},
		{"r", base, "no format"},
		{"none/r.json", base, "its folder"},
		{"r.json", Options{Resume: true, Force: true}, "choose one"},
		{"r.json", Options{Changed: "x"}, "--changed x"},
		{"r.json", Options{OnDuplicate: "x"}, "--on-duplicate x"},
	} {
		if _, err := tryOpen(c.o, filepath.Join(dir, c.path)); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	path := filepath.Join(dir, "a.json")
	if _, err := tryOpen(base, path, filepath.Join(dir, "./a.json")); err == nil {
		t.Error("the same twice")
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(base, path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	if _, err := Open([]Output{{Format: CSV, W: os.Stdout}}, base); err == nil {
		t.Error("CSV on standard output")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v %v", left, err)
	}
}

func TestClosed(t *testing.T) {
	r := open(t, base, in(t, "r.json"))
	finish(t, r)
	if err := r.Append(rec(1), ""); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := r.Finish(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestLinksStay(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.json"), filepath.Join(dir, "r.json")
	if err := os.WriteFile(real, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	o := base
	o.Force = true
	r := open(t, o, link)
	do(t, r, 1)
	finish(t, r)
	info, err := os.Stat(real)
	if err != nil || info.Mode().Perm() != 0o600 || len(read(t, real)) != 1 {
		t.Errorf("%v %v", info, err)
	}
	if to, err := os.Readlink(link); err != nil || to != real {
		t.Error(to, err)
	}
}
