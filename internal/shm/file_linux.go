package shm

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

const mapNoReserve = syscall.MAP_NORESERVE

// memfdCreate is the number of memfd_create(2), which package syscall, frozen
// before the call existed, lacks on the older architectures.
func memfdCreate() uintptr {
	switch runtime.GOARCH {
	case "amd64":
		return 319
	case "386":
		return 356
	case "arm":
		return 385
	case "arm64", "riscv64", "loong64":
		return 279
	case "ppc64", "ppc64le":
		return 360
	case "s390x":
		return 350
	}
	return 0
}

const (
	mfdCloexec      = 1
	mfdAllowSealing = 2
	fAddSeals       = 1033
	fSealShrink     = 2
)

// nameless makes a memfd, sealed against shrinking: a body that truncated it
// would kill the pool with SIGBUS.
func nameless() (*os.File, error) {
	nr := memfdCreate()
	if nr == 0 {
		return unlinked()
	}
	name := []byte("parfor\x00")
	fd, _, errno := syscall.Syscall(nr, uintptr(unsafe.Pointer(&name[0])), mfdCloexec|mfdAllowSealing, 0)
	if errno == syscall.ENOSYS {
		return unlinked()
	}
	if errno != 0 {
		return nil, os.NewSyscallError("memfd_create", errno)
	}
	syscall.Syscall(syscall.SYS_FCNTL, fd, fAddSeals, fSealShrink) // a second belt: without it the pool works
	return os.NewFile(fd, "parfor-memory"), nil
}

// holds reports whether a file has n bytes of memory.
func holds(st os.FileInfo, n uint64) bool {
	s, ok := st.Sys().(*syscall.Stat_t)
	return !ok || n <= uint64(s.Blocks)*512
}

const (
	fallocKeepSize  = 1
	fallocPunchHole = 2
)

func punch(f *os.File, at, n int64) {
	n = (n + page - 1) / page * page
	syscall.Fallocate(int(f.Fd()), fallocPunchHole|fallocKeepSize, at, n) // only memory is at stake
}
