//go:build unix

package process

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	shelterName = "parfor-pool-"
	lockName    = "lock"
)

func mayHaveTempDir() error { return nil }

// openShelter makes the pool's directory. It has its final name only once it is
// locked, so that nobody takes it for one that was left behind.
func openShelter() (s shelter, err error) {
	sweepShelters(os.TempDir())
	dir, err := os.MkdirTemp("", "parfor-new-")
	if err != nil {
		return s, fmt.Errorf("parfor: TempDir: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = tryLock(lock)
	}
	final := filepath.Join(filepath.Dir(dir), shelterName+filepath.Base(dir)[len("parfor-new-"):])
	if err == nil {
		err = os.Rename(dir, final)
	}
	if err != nil {
		if lock != nil {
			lock.Close()
		}
		os.RemoveAll(dir)
		return s, fmt.Errorf("parfor: TempDir: %w", err)
	}
	return shelter{final, lock}, nil
}

// tryLock locks the file for as long as this process lives, at most: the file is
// closed in programs that it starts.
func tryLock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// sweepShelters removes the directories of this user's programs that have died.
func sweepShelters(in string) {
	dirs, _ := filepath.Glob(filepath.Join(in, shelterName+"*"))
	for _, dir := range dirs {
		st, err := os.Lstat(dir)
		if err != nil || !st.IsDir() {
			continue
		}
		if sys, ok := st.Sys().(*syscall.Stat_t); !ok || int(sys.Uid) != os.Getuid() {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|syscall.O_NOFOLLOW, 0)
		if err != nil {
			continue
		}
		if tryLock(lock) == nil {
			removeAll(dir)
		}
		lock.Close()
	}
}

// removeAll removes a tree also where a body took away the right to write to its
// directories.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
