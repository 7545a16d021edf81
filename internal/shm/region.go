package shm

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"unsafe"
)

// File is the file behind a region.
type File = *os.File

// Region is a nameless sparse file, its beginning mapped by both sides.
//
// Beyond the mapped part lie areas for payloads too large for a ring, one
// terabyte apart: a sparse file has room for all of them, so that an area
// needs no allocator and never moves. They are written with pwrite, which
// reports a full machine as an error where a store to a mapping would be
// SIGBUS, and read with pread: the first look at each page of a new mapping can
// cost several times the copy of what is there, and what was copied the other
// side can't change any more.
type Region struct {
	file *os.File
	mem  []byte
	kept kept
}

const areaStride = 1 << 40

// maxLarge is the size of the largest payload.
const maxLarge = areaStride

func areaAt(area int) int64 { return int64(area+1) * areaStride }

func (r *Region) close() error {
	err := unmap(r.mem)
	r.mem = nil
	return errors.Join(err, r.file.Close())
}

// writeArea stores bufs one after the other.
func (r *Region) writeArea(area int, bufs ...[]byte) error {
	if r == nil {
		return errors.New("parfor: memory on the heap has no areas")
	}
	at := areaAt(area)
	total := int64(0)
	for _, b := range bufs {
		total += int64(len(b))
	}
	if total > maxLarge {
		return fmt.Errorf("parfor: %d bytes are more than one task can carry (%d)", total, int64(maxLarge))
	}
	for _, b := range bufs {
		n, err := r.file.WriteAt(b, at)
		if err != nil {
			return fmt.Errorf("parfor: no memory for %d bytes: %w", total, err)
		}
		at += int64(n)
	}
	return nil
}

// markSize is how many bytes come before the elements of an encoded slice.
const markSize = 1

// readArea copies n bytes of an area to memory that is the caller's until release
// is called, and after that if it was told that the memory is kept. An encoded slice
// lies there so that its elements are aligned. The length comes from the other side:
// it is checked against the file, since that memory would be as large as the other
// side likes.
func (r *Region) readArea(area int, n uint64) (b []byte, release func(kept bool), err error) {
	if n == 0 {
		return nil, func(bool) {}, nil
	}
	if r == nil {
		return nil, nil, errors.New("parfor: memory on the heap has no areas")
	}
	st, err := r.file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if n > maxLarge || areaAt(area)+int64(n) > st.Size() || !holds(st, n) {
		return nil, nil, fmt.Errorf("parfor: a payload of %d bytes was announced and is not there", n)
	}
	own := takeScratch(int(n) + 8)
	b = (*own)[8-markSize:][:n:n]
	if _, err := r.file.ReadAt(b, areaAt(area)); err != nil {
		scratch.Put(own)
		return nil, nil, fmt.Errorf("parfor: reading a payload of %d bytes: %w", n, err)
	}
	return b, func(kept bool) {
		if !kept {
			scratch.Put(own)
		}
	}, nil
}

// scratch has memory for large payloads between shared memory and what is decoded
// from them, where that isn't made of it: to get new memory takes longer than to
// fill it. The garbage collector
// empties it when it was not used for a while.
var scratch sync.Pool

func takeScratch(n int) *[]byte {
	if own, _ := scratch.Get().(*[]byte); own != nil && cap(*own) >= n {
		return own
	}
	own := uncleared(n)
	return &own
}

// uncleared makes memory that is about to be written over. To have it cleared first,
// as make does, takes half as long again as to read a payload into it; what a
// strings.Builder grows by is the one memory that Go doesn't clear.
func uncleared(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0) // for String to say where it is
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// freeArea gives the memory of an area back to the machine, or keeps it for the
// area's next payload.
func (r *Region) freeArea(area int, n uint64) {
	if n > 0 && r != nil {
		if most := r.kept.keep(area, n); most > 0 {
			punch(r.file, areaAt(area), int64(most))
		}
	}
}

// freeKept gives the memory of all areas that are free back.
func (r *Region) freeKept() {
	for area, n := range r.kept.size {
		punch(r.file, areaAt(area), int64(n))
	}
	r.kept = kept{}
}
