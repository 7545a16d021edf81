package arena

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	mfdCloexec      = 1
	mfdAllowSealing = 2

	fAddSeals        = 1033
	fSealShrink      = 2
	fSealFutureWrite = 16 // Linux 5.1: who has it mapped goes on writing, nobody else begins

	hugePage = 2 << 20

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
	return mapFile(f, n, unix.PROT_READ|unix.PROT_WRITE)
}

func mapReadable(f *os.File, n int) ([]byte, error) { return mapFile(f, n, unix.PROT_READ) }

// mapFile maps n bytes of the file where its huge pages can be mapped as such:
// a lookup touches a few lines of a table that no cache holds, and with small
// pages each of them costs a walk through page tables that no cache holds
// either, twice as deep on a virtual machine.
func mapFile(f *os.File, n, prot int) ([]byte, error) {
	all, err := unix.MmapPtr(-1, 0, nil, uintptr(n+hugePage), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	skip := int(-uintptr(all) % hugePage)
	at := unsafe.Add(all, skip)
	if _, err := unix.MmapPtr(int(f.Fd()), 0, at, uintptr(n), prot, unix.MAP_SHARED|unix.MAP_NORESERVE|unix.MAP_FIXED); err != nil {
		unix.MunmapPtr(all, uintptr(n+hugePage))
		return nil, os.NewSyscallError("mmap", err)
	}
	if skip > 0 {
		unix.MunmapPtr(all, uintptr(skip))
	}
	if rest := hugePage - skip; rest > 0 {
		unix.MunmapPtr(unsafe.Add(at, n), uintptr(rest))
	}
	mem := unsafe.Slice((*byte)(at), n)
	return mem, nil
}

// collapse puts huge pages in the place of small ones (Linux 6.1). To ask for
// them with MADV_HUGEPAGE would not do: for shared memory most systems have
// them off.
func collapse(b []byte) { unix.Madvise(b, unix.MADV_COLLAPSE) }

func unmap(b []byte) error { return unix.MunmapPtr(unsafe.Pointer(&b[0]), uintptr(len(b))) }

// extend makes the file longer, from bytes of it to all of mem, with memory
// behind it: a machine that has none says so here, and not with SIGBUS at the
// first touch, where the pages would also cost ten times as much one by one.
func extend(f *os.File, mem []byte, from int) error {
	if err := f.Truncate(int64(len(mem))); err != nil {
		return err
	}
	if populate(mem[from:]) == nil {
		return nil
	}
	return os.NewSyscallError("fallocate", syscall.Fallocate(int(f.Fd()), fallocKeepSize, int64(from), int64(len(mem)-from)))
}

func populate(b []byte) error { return unix.Madvise(b, unix.MADV_POPULATE_WRITE) } // Linux 5.14

func punch(f *os.File, at, n int64) {
	syscall.Fallocate(int(f.Fd()), fallocPunchHole|fallocKeepSize, at, n) // only memory is at stake
}
