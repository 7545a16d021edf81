package journalfile

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Compaction changes nothing that a reader can see: the last result of every
// item, and all writes in their order.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "j")
	w := open(t, path, Options{Sync: SyncNever})
	w.AppendBase(&Base{Data: []byte("base"), Last: true})
	bare := func(i int, result string) *Done { return &Done{Key: item(i).Key, Result: []byte(result)} }
	for _, d := range []*Done{bare(1, "old"), item(2), bare(1, "new"), bare(2, "again"), item(3)} {
		add(t, w, d)
	}
	w.AppendEnd()
	add(t, w, item(4))
	w.AppendEnd()
	w.Close()
	os.Chmod(path, 0o640)
	link := filepath.Join(dir, "link")
	if err := os.Symlink("j", link); err != nil {
		t.Skip(err)
	}
	c, err := Compact(link)
	if err != nil || c.Items != 4 || c.After >= c.Before {
		t.Fatalf("%+v, %v", c, err)
	}
	written := item(2)
	written.Result = nil
	want := []string{`base "base" true`, shownDone(written), shownDone(bare(1, "new")), shownDone(bare(2, "again")),
		shownDone(item(3)), shownDone(item(4)), "end"}
	if got := held(t, path); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	at, _ := os.Lstat(path)
	if at.Size() != c.After || at.Mode() != 0o640 {
		t.Errorf("%d bytes, %v", at.Size(), at.Mode())
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
	again, err := Compact(path)
	if err != nil || again.Before != c.After || again.After != c.After {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	w = open(t, link, Options{})
	add(t, w, item(5))
	w.Close()
	if got := held(t, path); !slices.Equal(got, append(want, shownDone(item(5)))) {
		t.Errorf("%q", got)
	}
}

// Open compacts a file over 1 MiB of which more than half is dead, and no other.
func TestCompactionByRule(t *testing.T) {
	for name, c := range map[string]struct {
		result, items, times int
		compacts             bool
	}{
		"two thirds dead":           {1000, 500, 3, true},
		"half dead":                 {1000, 1000, 2, false},
		"nothing dead":              {1000, 2000, 1, false},
		"two thirds dead but small": {10, 500, 3, false},
	} {
		path := filed(t)
		w := open(t, path, Options{Sync: SyncNever})
		for n := range c.times {
			for i := range c.items {
				add(t, w, &Done{Key: item(i).Key, Commit: uint64(n), Result: make([]byte, c.result)})
			}
		}
		w.Close()
		w = open(t, path, Options{Sync: SyncNever})
		f := w.Found()
		if (f.Compacted > 0) != c.compacts || f.Items != c.items || f.Torn != 0 {
			t.Errorf("%s: %+v", name, f)
		}
		if d, ok, err := w.Lookup(item(7).Key); !ok || err != nil || d.Commit != uint64(c.times-1) {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		add(t, w, item(-1))
		w.Close()
		r := held(t, path)
		if want := c.items*c.times + 1; c.compacts && len(r) != c.items+1 || !c.compacts && len(r) != want {
			t.Errorf("%s: %d records", name, len(r))
		}
	}
}

// The lock goes over to the new file: nobody slips in between.
func TestTheLockOutlivesACompaction(t *testing.T) {
	path := filed(t)
	w := open(t, path, Options{Sync: SyncNever})
	for range 3 {
		for i := range 500 {
			add(t, w, &Done{Key: item(i).Key, Result: make([]byte, 1000)})
		}
	}
	w.Close()
	w = open(t, path, Options{Sync: SyncNever})
	if w.Found().Compacted == 0 {
		t.Fatal("not compacted")
	}
	if _, err := Open(path, loop, Options{}); err == nil {
		t.Error("opened twice")
	}
}

// A compaction that fails leaves the file as it was, and Open goes on with it.
func TestCompactionWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write anywhere")
	}
	path := filed(t)
	w := open(t, path, Options{Sync: SyncNever})
	for range 3 {
		for i := range 500 {
			add(t, w, &Done{Key: item(i).Key, Result: make([]byte, 1000)})
		}
	}
	w.Close()
	os.Chmod(filepath.Dir(path), 0o500)
	defer os.Chmod(filepath.Dir(path), 0o700)
	w = open(t, path, Options{Sync: SyncNever})
	if f := w.Found(); f.Compacted != 0 || f.Items != 500 {
		t.Errorf("%+v", f)
	}
}
