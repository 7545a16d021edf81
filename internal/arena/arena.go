// Package arena is memory that the program writes and its worker processes
// read: one nameless file, mapped by all of them.
//
// Addresses in it are offsets, as every process maps it elsewhere. The
// mapping is large from the start and the file grows under it, so nothing ever
// moves. Worker processes can't write: the file is sealed.
package arena

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	magic  = 0x70617266_6f720a01
	head   = 4096 // bytes before the first block
	step   = 4 << 20
	least  = 64 << 20
	usual  = 64 << 30
	minBit = 5 // the smallest block has 32 bytes
)

// ErrFull means that the arena can't grow: its reserve is used up, or the
// machine has no memory.
var ErrFull = errors.New("arena: no room")

// header is the beginning of the file.
type header struct {
	magic   uint64
	reserve uint64
	size    atomic.Uint64 // bytes of the file: what lies beyond must not be touched
}

// Arena is the owner's side. Its methods may be called concurrently.
type Arena struct {
	file    *os.File // nil for a twin on the heap
	mem     []byte
	reserve int
	head    *header

	mu   sync.Mutex
	next uint64       // first byte never given out
	free [64][]uint64 // blocks by the logarithm of their size
	used uint64       // bytes given out and not freed

	settling sync.WaitGroup
	settled  uint64          // bytes with huge pages, or that have none
	holes    map[uint64]bool // huge pages of which a part went back to the machine
}

// New makes an arena. It holds no memory but what is allocated; reserve bounds
// that, 0 means 64 GiB, or less where the machine gives no such address space.
func New(reserve int) (*Arena, error) {
	if reserve == 0 {
		reserve = usual
	}
	reserve = (max(reserve, least) + step - 1) / step * step
	f, err := nameless()
	if err != nil {
		return nil, err
	}
	var mem []byte
	for {
		if mem, err = mapWritable(f, reserve); err == nil || reserve <= least {
			break
		}
		reserve = reserve / 2 / step * step
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("arena: mapping %d bytes: %w", reserve, err)
	}
	a := &Arena{file: f, mem: mem, reserve: reserve}
	if err := a.begin(); err != nil {
		a.Close()
		return nil, err
	}
	if err := seal(f); err != nil {
		a.Close()
		return nil, fmt.Errorf("arena: keeping worker processes from writing: %w", err)
	}
	return a, nil
}

// Twin makes an arena on the heap, where the race detector sees it, and its
// reader's side.
func Twin(size int) (*Arena, *View) {
	words := make([]uint64, size/8)
	mem := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), size)
	a := &Arena{mem: mem, reserve: size}
	a.begin()
	return a, &View{mem: mem, head: a.head}
}

func (a *Arena) begin() error {
	a.next = head
	if a.file == nil {
		a.head = (*header)(unsafe.Pointer(&a.mem[0]))
		a.head.size.Store(uint64(len(a.mem)))
	} else {
		if err := extend(a.file, a.mem[:step], 0); err != nil {
			return err
		}
		a.head = (*header)(unsafe.Pointer(&a.mem[0]))
		a.head.size.Store(step)
	}
	a.head.magic, a.head.reserve = magic, uint64(a.reserve)
	return nil
}

// File is what worker processes inherit.
func (a *Arena) File() *os.File { return a.file }

// Used is how many bytes are allocated.
func (a *Arena) Used() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.used
}

// Pointer returns the address of an offset in this process.
func (a *Arena) Pointer(off uint64) unsafe.Pointer { return unsafe.Pointer(&a.mem[off]) }

// size of the block for n bytes: a power of two, or one and a half of it.
func class(n int) (bit int, size uint64) {
	n = max(n, 1<<minBit)
	b := bits.Len(uint(n - 1))
	if half := 3 << (b - 2); b > minBit+1 && n <= half {
		return b - 1 + 32, uint64(half) // classes of three quarters come after
	}
	return b, 1 << b
}

// Alloc returns a block of at least n bytes, aligned to 64 bytes if it is at
// least that long, else to 32. Zero says that all of it is; a block that was
// freed before may hold what its last user left.
func (a *Arena) Alloc(n int) (off uint64, zero bool, err error) {
	c, size := class(n)
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.free[c]; len(f) > 0 {
		off = f[len(f)-1]
		a.free[c] = f[:len(f)-1]
		a.used += size
		return off, size >= punchFrom, nil
	}
	at := a.next
	if size >= 64 {
		at = (at + 63) &^ 63
	}
	if at+size > uint64(a.reserve) {
		return 0, false, fmt.Errorf("%w for %d bytes: all %d MiB are used", ErrFull, n, a.reserve>>20)
	}
	if at+size > a.head.size.Load() {
		if err := a.grow(at + size); err != nil {
			return 0, false, err
		}
	}
	a.next = at + size
	a.used += size
	return at, true, nil
}

// grow makes the file longer.
func (a *Arena) grow(to uint64) error {
	was := a.head.size.Load()
	by := max(to-was, step) // more at once would hold a committer for too long
	size := min((was+by+step-1)/step*step, uint64(a.reserve))
	if a.file == nil || size < to {
		return fmt.Errorf("%w: all %d MiB are used", ErrFull, a.reserve>>20)
	}
	if err := extend(a.file, a.mem[:size], int(was)); err != nil {
		return fmt.Errorf("%w: growing to %d MiB: %w", ErrFull, size>>20, err)
	}
	a.head.size.Store(size)
	return nil
}

// punchFrom is the size from which a freed block's memory goes back to the
// machine.
const punchFrom = 1 << 20

// Free gives a block of n bytes back. Who still reads it sees what it is used
// for next.
func (a *Arena) Free(off uint64, n int) {
	c, size := class(n)
	a.mu.Lock()
	defer a.mu.Unlock()
	if size >= punchFrom {
		if a.file != nil {
			a.punch(off, size)
		} else {
			clear(a.mem[off : off+size])
		}
	}
	a.free[c] = append(a.free[c], off)
	a.used -= size
}

// Close gives everything back. Nobody may use the arena any more.
func (a *Arena) Close() error {
	if a.file == nil {
		return nil
	}
	a.settling.Wait()
	return errors.Join(unmap(a.mem), a.file.Close())
}
