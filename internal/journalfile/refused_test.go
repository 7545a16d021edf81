package journalfile

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestASecondWriterIsRefused(t *testing.T) {
	path := filed(t)
	w := open(t, path, Options{})
	add(t, w, item(1))
	_, err := Open(path, loop, Options{})
	var locked *LockedError
	if !errors.Is(err, ErrLocked) || !errors.As(err, &locked) || locked.Path != path {
		t.Fatal(err)
	}
	if locked.PID != 0 && locked.PID != os.Getpid() {
		t.Errorf("process %d has it, this is %d", locked.PID, os.Getpid())
	}
	if _, err := Compact(path); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	w.Close()
	open(t, path, Options{})
}

func TestAnotherLoopsJournalIsRefused(t *testing.T) {
	path := filed(t)
	open(t, path, Options{}).Close()
	before, _ := os.ReadFile(path)
	for field, h := range map[string]Header{
		"body":            {Name: "main.get", Version: "1", In: "int", Out: "int", Codec: "raw"},
		"version":         {Name: "main.post", Version: "2", In: "int", Out: "int", Codec: "raw"},
		"type of items":   {Name: "main.post", Version: "1", In: "string", Out: "int", Codec: "raw"},
		"type of results": {Name: "main.post", Version: "1", In: "int", Out: "string", Codec: "raw"},
		"codec":           {Name: "main.post", Version: "1", In: "int", Out: "int", Codec: "CBOR"},
	} {
		_, err := Open(path, h, Options{})
		var m *MismatchError
		if !errors.Is(err, ErrMismatch) || !errors.As(err, &m) || m.Field != field || !strings.Contains(err.Error(), m.Advice) {
			t.Errorf("%s: %v", field, err)
		}
	}
	other := loop
	other.Build = "b2"
	w, err := Open(path, other, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := w.Found(); !f.OtherBuild || f.Header.Build != "b1" {
		t.Errorf("%+v", f)
	}
	w.Close()
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the file has changed")
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	path := filed(t)
	for _, b := range []string{"x", "request,status\n1,200\n", strings.Repeat("\x00", 100), magic + "\x09\x00\x00\x00mark", magic[:3] + "x"} {
		os.WriteFile(path, []byte(b), 0o600)
		_, err := Open(path, loop, Options{})
		if !errors.Is(err, ErrNotJournal) && !errors.Is(err, ErrVersion) {
			t.Errorf("%q: %v", b, err)
		}
		if now, _ := os.ReadFile(path); string(now) != b {
			t.Errorf("%q was changed", b)
		}
	}
	if _, err := Open(t.TempDir(), loop, Options{}); err == nil {
		t.Error("a directory is no journal")
	}
	if _, err := OpenReader(t.TempDir()); !errors.Is(err, ErrNotJournal) {
		t.Error(err)
	}
	if _, err := OpenReader(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A writer that dies while it begins a file leaves one that can be begun.
func TestAFileThatWasHardlyBegunIsBegunAgain(t *testing.T) {
	path := filed(t)
	open(t, path, Options{}).Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		os.WriteFile(path, whole[:n], 0o600)
		if _, err := OpenReader(path); !errors.Is(err, ErrNotJournal) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		w := open(t, path, Options{Sync: SyncNever})
		if !w.Found().Fresh {
			t.Fatalf("%d bytes: %+v", n, w.Found())
		}
		add(t, w, item(1))
		w.Close()
		if got := held(t, path); len(got) != 1 {
			t.Fatalf("%d bytes: %q", n, got)
		}
	}
}
