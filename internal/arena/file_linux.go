package arena

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

const (
	mfdCloexec      = 1
	mfdAllowSealing = 2

	fAddSeals        = 1033
	fSealShrink      = 2
	fSealFutureWrite = 16 // Linux 5.1: who has it mapped goes on writing, nobody else begins

	madvPopulateWrite = 23 // Linux 5.14

	fallocKeepSize  = 1
	fallocPunchHole = 2
)

// memfdCreate is the number of memfd_create(2), which package syscall, frozen
// before the call existed, lacks on the older architectures.
var memfdCreate = map[string]uintptr{"amd64": 319, "386": 356, "arm": 385, "arm64": 279,
	"riscv64": 279, "loong64": 279, "ppc64": 360, "ppc64le": 360, "s390x": 350}

func nameless() (*os.File, error) {
	nr := memfdCreate[runtime.GOARCH]
	if nr == 0 || unsafe.Sizeof(uintptr(0)) < 8 {
		return nil, errors.ErrUnsupported
	}
	name := []byte("parfor-arena\x00")
	fd, _, errno := syscall.Syscall(nr, uintptr(unsafe.Pointer(&name[0])), mfdCloexec|mfdAllowSealing, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("memfd_create", errno)
	}
	return os.NewFile(fd, "parfor-arena"), nil
}

// seal keeps everybody who hasn't mapped the file yet from writing to it, and
// all from making it shorter, which would kill the others with SIGBUS.
func seal(f *os.File) error {
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), fAddSeals, fSealShrink|fSealFutureWrite)
	if errno != 0 {
		return os.NewSyscallError("fcntl", errno)
	}
	return nil
}

func mapWritable(f *os.File, n int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_NORESERVE)
}

func mapReadable(f *os.File, n int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, n, syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_NORESERVE)
}

func unmap(b []byte) error { return syscall.Munmap(b) }

// extend makes the file longer, with memory behind it: a machine that has none
// says so here, and not with SIGBUS at the first touch.
func extend(f *os.File, from, to int64) error {
	if err := f.Truncate(to); err != nil {
		return err
	}
	return os.NewSyscallError("fallocate", syscall.Fallocate(int(f.Fd()), fallocKeepSize, from, to-from))
}

// populate maps pages before they are touched; where the system can't, they are
// mapped then.
func populate(b []byte) {
	syscall.Syscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), madvPopulateWrite)
}

func punch(f *os.File, at, n int64) {
	syscall.Fallocate(int(f.Fd()), fallocPunchHole|fallocKeepSize, at, n) // only memory is at stake
}
