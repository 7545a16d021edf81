// Package spill makes files for what doesn't fit into memory: files without a
// name, which are gone with the process that made them, however it ends.
package spill

import (
	"fmt"
	"os"
	"path/filepath"
)

// New makes a file in dir, "" is os.TempDir, that no folder lists. Its name,
// for errors, begins with that of the folder.
func New(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	if f, err := unnamed(dir); err == nil {
		return f, nil
	}
	return unlinked(dir)
}

// unlinked makes a file with a name and takes it away.
func unlinked(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "parfor-spill-")
	if err != nil {
		return nil, fmt.Errorf("no temporary file in %s: %w", dir, err)
	}
	if err := unlink(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("a temporary file that can't be removed: %w", err)
	}
	return f, nil
}

func name(dir string) string { return filepath.Join(dir, "parfor-spill (no name)") }
