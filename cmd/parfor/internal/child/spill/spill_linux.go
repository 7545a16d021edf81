package spill

import (
	"os"

	"golang.org/x/sys/unix"
)

// unnamed makes a file that never had a name, which some file systems (NFS,
// old overlays) can't.
func unnamed(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC|unix.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name(dir)), nil
}
