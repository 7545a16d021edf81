package arena

import (
	"fmt"
	"os"
	"unsafe"
)

// View is a worker's side of an arena. It can only be read. Its methods may be
// called concurrently.
type View struct {
	mem  []byte
	head *header
}

// Open maps an inherited arena.
func Open(f *os.File) (*View, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() < head {
		return nil, fmt.Errorf("arena: a file of %d bytes is none", st.Size())
	}
	first, err := mapReadable(f, head)
	if err != nil {
		return nil, err
	}
	h := (*header)(unsafe.Pointer(&first[0]))
	kind, reserve := h.magic, h.reserve
	unmap(first)
	if kind != magic || reserve < head || reserve > 1<<46 {
		return nil, fmt.Errorf("arena: the file is none")
	}
	mem, err := mapReadable(f, int(reserve))
	if err != nil {
		return nil, fmt.Errorf("arena: mapping %d bytes: %w", reserve, err)
	}
	return &View{mem: mem, head: (*header)(unsafe.Pointer(&mem[0]))}, nil
}

// At returns the address of n bytes at an offset, nil if they aren't all there.
func (v *View) At(off, n uint64) unsafe.Pointer {
	if size := v.head.size.Load(); off < head || off > size || n > size-off {
		return nil
	}
	return unsafe.Pointer(&v.mem[off])
}

// Close unmaps the view. Nobody may use it any more.
func (v *View) Close() error { return unmap(v.mem) }
