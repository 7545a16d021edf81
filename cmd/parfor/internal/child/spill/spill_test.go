package spill

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestFilesWithoutAName(t *testing.T) {
	for name, make := range map[string]func(string) (*os.File, error){"New": New, "unlinked": unlinked} {
		dir := t.TempDir()
		f, err := make(dir)
		if err != nil {
			t.Fatal(name, err)
		}
		if !strings.HasPrefix(f.Name(), filepath.Join(dir, "parfor-spill")) {
			t.Errorf("%s: errors would name %s", name, f.Name())
		}
		if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 && runtime.GOOS != "windows" {
			t.Errorf("%s: the folder lists %v", name, left)
		}
		if _, err := f.Write([]byte("kept")); err != nil {
			t.Error(name, err)
		}
		if b, err := io.ReadAll(io.NewSectionReader(f, 0, 9)); string(b) != "kept" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if err := f.Close(); err != nil {
			t.Error(name, err)
		}
	}
}

func TestNoFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere")
	if _, err := New(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
}
