package request

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// OutDir is the folder of --output-dir. No name leads out of it, through ..,
// an absolute path or a symbolic link. It is safe for concurrent use.
type OutDir struct {
	root  *os.Root
	parts atomic.Int64
}

// OpenOutDir opens the folder and makes it if there is none.
func OpenOutDir(dir string) (*OutDir, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, inFlag("--output-dir", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, inFlag("--output-dir", err)
	}
	return &OutDir{root: root}, nil
}

// Close lets go of the folder.
func (d *OutDir) Close() error { return d.root.Close() }

const maxName = 255 // on most file systems

// CheckOutput refuses names that aren't of a file below a folder. Call it
// before the request is sent.
func CheckOutput(name string) error {
	switch {
	case name == "":
		return errors.New("--output-dir: the name of the answer's file is empty")
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("--output-dir: %s has a NUL in it", quote(name))
	case strings.HasSuffix(name, "/") || !filepath.IsLocal(name) || path.Clean(filepath.ToSlash(name)) == ".":
		return fmt.Errorf("--output-dir: %s is not a file below the folder", quote(name))
	}
	for part := range strings.SplitSeq(filepath.ToSlash(name), "/") {
		if len(part) > maxName {
			return fmt.Errorf("--output-dir: %s is longer than the %d bytes that a name may have", quote(part), maxName)
		}
	}
	return nil
}

// save writes all of r to the file, which appears once it is complete and
// replaces one of that name. What is written so far is removed on error.
func (d *OutDir) save(name string, r io.Reader) (n int64, err error) {
	if err := CheckOutput(name); err != nil {
		return 0, errLocal{err}
	}
	if dir := filepath.Dir(name); dir != "." {
		if err := d.root.MkdirAll(dir, 0o777); err != nil {
			return 0, errLocal{err}
		}
	}
	part := filepath.Join(filepath.Dir(name), fmt.Sprintf(".parfor-%d-%d.part", os.Getpid(), d.parts.Add(1)))
	f, err := d.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, errLocal{err}
	}
	n, err = copyTo(f, r)
	if e := f.Close(); err == nil && e != nil {
		err = errLocal{e}
	}
	if err == nil {
		if e := d.root.Rename(part, name); e != nil {
			err = errLocal{e}
		}
	}
	if err != nil {
		_ = d.root.Remove(part) // the error that led here says more
	}
	return n, err
}

// copyTo tells errors of the disk from those of the network.
func copyTo(f *os.File, r io.Reader) (int64, error) {
	n, err := io.Copy(f, r)
	var p *fs.PathError
	if errors.As(err, &p) {
		err = errLocal{err}
	}
	return n, err
}

// FileName makes a key the name of a file: what has a meaning in paths is
// escaped with %, and so are a leading dot and the percent sign.
func FileName(key string) string {
	var b []byte
	for i, c := range []byte(key) {
		if c < ' ' || c == 0x7f || strings.IndexByte(`/\:*?"<>|%`, c) >= 0 || c == '.' && i == 0 {
			b = appendHex(b, c)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}
