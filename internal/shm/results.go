package shm

import (
	"errors"
	"fmt"
	"unsafe"
)

// Result is the record of one finished attempt. Out may alias shared memory, which
// its other side may be overwriting meanwhile: only when it is large, and no
// encoded error.
type Result struct {
	Pos    uint64 // of the request it answers
	Start  int64
	Took   int64
	Failed bool // Out is an encoded error
	Late   bool // the attempt overran its timeout
	Out    []byte
	Tail   []byte // written after Out, read as a part of it
	Writes []byte
	Kept   *bool // of what is read: unless nil, set it if Out's memory is kept
}

// record is how a result begins in its ring.
type record struct {
	size   uint32 // of the whole record; 0: the ring goes on at its beginning
	flags  uint32
	pos    uint64
	start  int64
	took   int64
	out    uint64
	writes uint64
}

const (
	recordSize = int(unsafe.Sizeof(record{}))

	flagFailed = 1 << iota
	flagLate
	flagLarge // Out and Writes lie in the slot's area
)

// maxOwn bounds the copy of a result that is kept for the next one.
const maxOwn = 1 << 20

// resultArea is the area of a slot's large results; requests use the ones
// before.
func (m *Memory) resultArea(slot int) int { return MaxSlots + 2 + slot }

// Writer is a slot's side of its result ring.
type Writer struct {
	m      *Memory
	status *Status
	ring   []byte
	slot   int
	at     uint64 // bytes ever written
	count  uint64 // results ever published
	large  uint64 // at, after the last result that used the area
	spare  []byte
}

// Writer returns the writer of a slot's ring.
func (m *Memory) Writer(slot int) *Writer {
	return &Writer{m: m, status: &m.slots[slot], ring: m.resultRing(slot), slot: slot}
}

func (w *Writer) size() uint64 { return uint64(len(w.ring)) }

// room is how many bytes can be written without waiting, and how many of them
// before the ring's end.
func (w *Writer) room() (free, straight uint64) {
	free = w.size() - (w.at - w.status.Consumed.Load())
	return free, min(free, w.size()-w.at%w.size())
}

// Scratch returns an empty slice to append a result to: the very place in the
// ring where it belongs, if there is room, so that Put need not copy it.
func (w *Writer) Scratch() []byte {
	if _, straight := w.room(); straight >= uint64(recordSize)+256 {
		lo := w.at%w.size() + uint64(recordSize)
		hi := w.at%w.size() + straight
		return w.ring[lo:lo:hi]
	}
	return w.spare[:0]
}

// Put publishes a result: the record first, then the word that announces it.
// While the ring is full it calls wait, which may block for a short time.
func (w *Writer) Put(r *Result, wait func()) error {
	out := len(r.Out) + len(r.Tail)
	size := uint64(roundUp(recordSize+out+len(r.Writes), 8))
	flags := uint32(0)
	if r.Failed {
		flags |= flagFailed
	}
	if r.Late {
		flags |= flagLate
	}
	if size > w.size()/4 {
		for w.status.Consumed.Load() < w.large {
			wait()
		}
		if err := w.m.region.writeArea(w.m.resultArea(w.slot), r.Out, r.Tail, r.Writes); err != nil {
			return err
		}
		size, flags = uint64(recordSize), flags|flagLarge
	}
	for {
		free, straight := w.room()
		end := w.size() - w.at%w.size()
		if straight >= size {
			break
		}
		if end < size && free >= end { // pad; a record never crosses the end
			*(*uint32)(unsafe.Pointer(&w.ring[w.at%w.size()])) = 0
			if free >= end+size {
				w.keep(r)
				w.at += end
				continue
			}
		}
		w.keep(r)
		wait()
	}
	lo := w.at % w.size()
	if flags&flagLarge == 0 {
		body := w.ring[lo+uint64(recordSize):]
		if len(r.Out) > 0 && &r.Out[0] != &body[0] {
			copy(body, r.Out)
		}
		copy(body[len(r.Out):], r.Tail)
		copy(body[out:], r.Writes)
	}
	*(*record)(unsafe.Pointer(&w.ring[lo])) = record{size: uint32(size), flags: flags, pos: r.Pos,
		start: r.Start, took: r.Took, out: uint64(out), writes: uint64(len(r.Writes))}
	w.at += size
	if flags&flagLarge != 0 {
		w.large = w.at
	}
	w.count++
	w.status.Finished.Store(w.count)
	return nil
}

// keep moves a result out of the ring before the ring is written elsewhere:
// its scratch may be the place of a mark or of the moved record.
func (w *Writer) keep(r *Result) {
	if len(r.Out) > 0 && w.inside(r.Out) {
		w.spare = append(w.spare[:0], r.Out...)
		r.Out = w.spare
	}
}

func (w *Writer) inside(b []byte) bool {
	p, base := uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&w.ring[0]))
	return p >= base && p < base+uintptr(len(w.ring))
}

// Unread is how many results the pool has not read yet.
func (w *Writer) Unread() uint64 { return w.count - w.status.Read.Load() }

// Await sleeps until the pool has read that many results of a slot. Several
// goroutines of the worker may call it.
func (s *Status) Await(count uint64) {
	s.waits.Add(1)
	defer s.waits.Add(^uint32(0))
	for {
		turn := s.turn.Load()
		if s.Read.Load() >= count {
			return
		}
		sleepOn(&s.turn, turn)
	}
}

// Published is how many results the slot has published.
func (w *Writer) Published() uint64 { return w.count }

// Reader is the pool's side of a slot's result ring.
type Reader struct {
	m       *Memory
	status  *Status
	ring    []byte
	slot    int
	at      uint64
	count   uint64
	release func(kept bool)
	kept    bool // what was read last, by whoever decoded it
	large   uint64
}

// Reader returns the reader of a slot's ring.
func (m *Memory) Reader(slot int) *Reader {
	return &Reader{m: m, status: &m.slots[slot], ring: m.resultRing(slot), slot: slot}
}

// ErrCorrupt means that the other process overwrote the memory it shares.
var ErrCorrupt = errors.New("parfor: a worker overwrote the memory it shares with its pool")

// Unread is how many results are there to be read.
func (r *Reader) Unread() uint64 { return r.status.Finished.Load() - r.count }

// Count is how many results were read.
func (r *Reader) Count() uint64 { return r.count }

// Next reads a published result into res, whose bytes are valid until the next call
// for any slot, or Release. Everything read is bounded: the worker may have been
// scribbling.
func (r *Reader) Next(res *Result) (ok bool, err error) {
	r.drop()
	if r.status.Finished.Load() == r.count {
		return false, nil
	}
	size := uint64(len(r.ring))
	lo := r.at % size
	if *(*uint32)(unsafe.Pointer(&r.ring[lo])) == 0 {
		r.at += size - lo
		lo = 0
	}
	if size-lo < uint64(recordSize) {
		return false, ErrCorrupt
	}
	d := *(*record)(unsafe.Pointer(&r.ring[lo]))
	n := uint64(d.size)
	if n < uint64(recordSize) || n > size-lo || n%8 != 0 {
		return false, fmt.Errorf("%w: a record of %d bytes", ErrCorrupt, n)
	}
	body := r.ring[lo+uint64(recordSize) : lo+n : lo+n]
	if d.flags&flagLarge != 0 {
		if d.out > maxLarge || d.writes > maxLarge {
			return false, fmt.Errorf("%w: a result of %d bytes", ErrCorrupt, d.out)
		}
		body, r.release, err = r.m.region.readArea(r.m.resultArea(r.slot), d.out+d.writes)
		if err != nil {
			return false, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		r.large, r.kept = d.out+d.writes, false
	} else if d.out > uint64(len(body)) || d.writes > uint64(len(body))-d.out {
		return false, fmt.Errorf("%w: a result of %d bytes in a record of %d", ErrCorrupt, d.out, n)
	}
	res.Pos, res.Start, res.Took = d.pos, d.start, d.took
	res.Failed, res.Late = d.flags&flagFailed != 0, d.flags&flagLate != 0
	r.private(res, body, &d)
	r.at += n
	r.count++
	return true, nil
}

// private copies what decoders are to see: they check first and read then, and what
// changes in between could have them allocate all memory, or panic. A large result
// is a copy already.
func (r *Reader) private(res *Result, body []byte, d *record) {
	own := body
	if d.flags&flagLarge == 0 {
		own = append(r.m.own[:0], body[:d.out+d.writes]...)
		if cap(own) <= maxOwn {
			r.m.own = own
		}
	}
	res.Out, res.Writes, res.Kept = own[:d.out:d.out], own[d.out:], nil
	if d.flags&flagLarge != 0 && d.writes <= d.out { // else the writes would be kept, too
		res.Kept = &r.kept
	}
}

func (r *Reader) drop() {
	if r.release == nil {
		return
	}
	r.release(r.kept)
	r.release = nil
	r.m.region.freeArea(r.m.resultArea(r.slot), r.large)
	r.Release()
}

// Release tells the slot that what was read may be written again.
func (r *Reader) Release() {
	if r.release != nil {
		r.drop()
		return
	}
	r.status.Read.Store(r.count)
	r.status.Consumed.Store(r.at)
	if r.status.waits.Load() != 0 {
		r.status.turn.Add(1)
		wakeWord(&r.status.turn)
	}
}
