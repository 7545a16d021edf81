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
