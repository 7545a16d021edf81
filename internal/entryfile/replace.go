package entryfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"parfor.dev/parfor/internal/syncdir"
)

// Replace puts what write writes in place of a file, in one step: who opens the
// path sees the old file or all of the new one, after a crash too. A new file
// is for its owner alone, another keeps its permissions. A symbolic link stays,
// and what it leads to is replaced. If write returns an error, or panics,
// nothing has changed and nothing is left behind.
func Replace(path string, write func(io.Writer) error) (err error) {
	path, mode, err := target(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			f.Close() // a second time on some ways here, which is harmless
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 256<<10)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	done = true
	return syncdir.Sync(filepath.Dir(path))
}

// target is the file that is replaced, and the permissions it has.
func target(path string) (string, fs.FileMode, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", 0, err
	}
	switch at, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return path, 0o600, nil
	case err != nil:
		return "", 0, err
	case !at.Mode().IsRegular():
		return "", 0, fmt.Errorf("%s is no file that can be replaced: write to it with Encode", path)
	default:
		return path, at.Mode().Perm(), nil
	}
}
