package replica

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapPages maps n bytes, a multiple of the size of a huge page, on such pages if
// there are any; nil if it can't.
func mapPages(n int) []byte {
	all, err := unix.MmapPtr(-1, 0, nil, uintptr(n+hugePage), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	skip := int(-uintptr(all) % hugePage)
	if skip > 0 {
		unix.MunmapPtr(all, uintptr(skip))
	}
	if rest := hugePage - skip; rest > 0 {
		unix.MunmapPtr(unsafe.Add(all, skip+n), uintptr(rest))
	}
	mem := unsafe.Slice((*byte)(unsafe.Add(all, skip)), n)
	unix.Madvise(mem, unix.MADV_HUGEPAGE) // where there are none they are ordinary pages
	return mem
}

func unmapPages(mem []byte) { unix.MunmapPtr(unsafe.Pointer(&mem[0]), uintptr(len(mem))) }
