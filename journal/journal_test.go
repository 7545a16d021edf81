package journal_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/journalfile"
	"parfor.dev/parfor/journal"
)

var update = flag.Bool("update", false, "write testdata/statuses.journal anew")

// statuses writes the journal of the examples: of five requests the third took
// three attempts, and the first was sent again.
func statuses(t *testing.T, path string) {
	w, err := journalfile.Open(path, journalfile.Header{Name: "main.post", Version: "1", In: "int", Out: "int", Codec: "raw",
		Build: "v1.0.0", Created: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}, journalfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range []struct{ item, attempts, status int }{{1, 1, 503}, {2, 1, 200}, {3, 3, 200}, {4, 1, 404}, {5, 1, 200}, {1, 1, 200}} {
		result, err := codec.Of[int]().Put(nil, d.status)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.AppendDone(&journalfile.Done{Key: journalfile.KeyOf([]byte(strconv.Itoa(d.item))),
			Attempts: uint32(d.attempts), Commit: uint64(i + 1), Result: result})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.AppendEnd(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// A file that version 1 wrote is read for ever.
func TestFormat1(t *testing.T) {
	const kept = "testdata/statuses.journal"
	if *update {
		os.Remove(kept)
		statuses(t, kept)
	}
	fresh := filepath.Join(t.TempDir(), "j")
	statuses(t, fresh)
	var all [2][]journal.Entry
	for i, path := range []string{kept, fresh} {
		j, err := journal.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		if h := j.Header(); h.Name != "main.post" || h.Version != "1" || h.Created.Unix() != 1795867200 {
			t.Errorf("%s: %+v", path, h)
		}
		for e, err := range j.Entries() {
			if err != nil {
				t.Fatal(err)
			}
			all[i] = append(all[i], e)
		}
	}
	for i, e := range all[0] {
		got, err := journal.Result[int](e)
		want, _ := journal.Result[int](all[1][i])
		if err != nil || got != want || e.Key != all[1][i].Key || e.Commit != uint64(i+1) {
			t.Errorf("entry %d: %+v, %v", i, e, err)
		}
	}
	if len(all[0]) != 6 || len(all[1]) != 6 {
		t.Errorf("%d and %d entries", len(all[0]), len(all[1]))
	}
	a, _ := os.Stat(kept)
	b, _ := os.Stat(fresh)
	if a.Size() != b.Size() {
		t.Errorf("%d bytes, %d now", a.Size(), b.Size())
	}
}

func TestAnotherTypeIsNoResult(t *testing.T) {
	j, err := journal.Open("testdata/statuses.journal")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for e := range j.Entries() {
		if v, err := journal.Result[uint](e); err == nil {
			t.Errorf("an int is read as the uint %d", v)
		}
		break
	}
}

func TestReadingBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	w, err := journalfile.Open(path, journalfile.Header{}, journalfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	j, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for n := range 3 {
		if c, err := j.Count(); err != nil || c.Commits != n || c.Items != min(n, 1) {
			t.Errorf("%+v, %v", c, err)
		}
		w.AppendDone(&journalfile.Done{})
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := journal.Compact(path); !errors.Is(err, journal.ErrLocked) {
		t.Error(err)
	}
}
