//go:build unix

package shm

import (
	"os"
	"syscall"
)

func create(n int) (*Region, error) {
	f, err := nameless()
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(int64(n)); err != nil {
		f.Close()
		return nil, err
	}
	mem, err := mapFile(f, n)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Region{file: f, mem: mem}, nil
}

func open(fd uintptr) (*Region, error) {
	f := os.NewFile(fd, "parfor-memory")
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	mem, err := mapFile(f, int(min(st.Size(), areaStride)))
	if err != nil {
		return nil, err
	}
	return &Region{file: f, mem: mem}, nil
}

func mapFile(f *os.File, n int) ([]byte, error) {
	b, err := syscall.Mmap(int(f.Fd()), 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|mapNoReserve)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return b, nil
}

func unmap(b []byte) error {
	if b == nil {
		return nil
	}
	return os.NewSyscallError("munmap", syscall.Munmap(b))
}

// unlinked is a temporary file without a name, for systems without memfds.
func unlinked() (*os.File, error) {
	f, err := os.CreateTemp("", "parfor-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
