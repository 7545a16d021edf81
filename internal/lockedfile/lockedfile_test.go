package lockedfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/internal/lockedfile"
)

func TestMain(m *testing.M) { leak.Main(m) }

func open(t *testing.T, path string, flag int) *os.File {
	t.Helper()
	f, err := lockedfile.Open(path, flag, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	if _, err := lockedfile.Open(path, 0, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	f := open(t, path, os.O_CREATE)
	if _, err := lockedfile.Open(path, 0, 0); !errors.Is(err, lockedfile.ErrHeld) {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, 0).Close()
}

// TestTheNameGoesToAnother: who has it open keeps the lock of a file that has
// lost its name, and who comes gets that of the file which has it now.
func TestTheNameGoesToAnother(t *testing.T) {
	if lockedfile.Pinned {
		t.Skip("it can't here")
	}
	path := filepath.Join(t.TempDir(), "j")
	old := open(t, path, os.O_CREATE)
	defer old.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f := open(t, path, os.O_CREATE)
	defer f.Close()
	if _, err := f.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); string(b) != "new" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}
