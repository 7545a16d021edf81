//go:build unix

package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// A ring's memory: words of the two sides, each far enough from the next that
// the processor doesn't fetch them in pairs; then the slots from the program,
// then those to it. A slot is a sequence number, the bytes of its messages, and
// the messages, in whole cache lines: a short message takes one to travel.
const (
	wordGap   = 128
	lanesAt   = 4096
	laneSize  = 1<<20 + 1<<16
	slotHead  = 16
	mostSlots = 256
	ringSize  = lanesAt + 2*laneSize
)

// lane is one direction, as one side sees it. The sequence number of a slot is
// its position plus 1 once it is written.
type lane struct {
	mem   []byte
	freed *atomic.Uint64 // positions before it may be written again
	slot  int            // bytes of a slot
	slots uint64         // a power of two
	pos   uint64         // the next to write; the one that is read
}

// shape lays out slots for batches of that many bytes.
func (l *lane) shape(bytes int) {
	l.slot = (slotHead + bytes + lineSize - 1) / lineSize * lineSize
	l.slots, l.pos = mostSlots, 0
	for l.slots*uint64(l.slot) > laneSize {
		l.slots /= 2
	}
}

// at is the slot of a position.
func (l *lane) at(pos uint64) (sequence *atomic.Uint64, bytes *uint64, body []byte) {
	s := l.mem[int(pos&(l.slots-1))*l.slot:][:l.slot]
	return (*atomic.Uint64)(unsafe.Pointer(&s[0])), (*uint64)(unsafe.Pointer(&s[8])), s[slotHead:]
}

func (l *lane) written(pos uint64) bool {
	sequence, _, _ := l.at(pos)
	return sequence.Load() == pos+1
}

// ring is one end.
type ring struct {
	first   bool // the program's
	mem     []byte
	out, in lane
	seen    uint64 // of out.freed
	reading bool   // in.pos is being read
	bell    bell
	room    func() bool
	arrived func() bool
}

// ringKind is a ring whose sides look for that long before they sleep.
func ringKind(name string, s sleeper, spin time.Duration) kind {
	return kind{name, 1 + s.files, func() (link, []*os.File) {
		f := newMemory(ringSize)
		ours, theirs := s.open()
		return newRing(f, true, s, ours, spin), append([]*os.File{f}, theirs...)
	}, func(fd int) link {
		f := file(raw(fd))
		defer f.Close()
		return newRing(f, false, s, s.inherit(fd+1), spin)
	}}
}

func newRing(f *os.File, first bool, s sleeper, w waker, spin time.Duration) *ring {
	mem, err := syscall.Mmap(int(f.Fd()), 0, ringSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	must(err)
	word := func(i int) unsafe.Pointer { return unsafe.Pointer(&mem[i*wordGap]) }
	lanes := [2]lane{{mem: mem[lanesAt:][:laneSize], freed: (*atomic.Uint64)(word(0))},
		{mem: mem[lanesAt+laneSize:], freed: (*atomic.Uint64)(word(1))}}
	asleep := [2]*atomic.Uint32{(*atomic.Uint32)(word(2)), (*atomic.Uint32)(word(3))}
	us, them := 0, 1
	if !first {
		us, them = 1, 0
	}
	r := &ring{first: first, mem: mem, out: lanes[us], in: lanes[them]}
	r.bell = bell{waker: w, mine: asleep[us], theirs: asleep[them], spin: int64(spin)}
	r.room = func() bool { return r.out.pos-r.out.freed.Load() <= r.out.slots*3/4 }
	r.arrived = func() bool { return r.in.written(r.in.pos) }
	return r
}

// begin empties the ring: the program does, while the other process waits for
// orders.
func (r *ring) begin(size, batch int) {
	r.seen, r.reading = 0, false
	for _, l := range []*lane{&r.out, &r.in} {
		l.shape(size * batch)
		if r.first {
			l.freed.Store(0)
			for pos := range l.slots {
				sequence, _, _ := l.at(pos)
				sequence.Store(0)
			}
		}
	}
	if r.first {
		r.bell.mine.Store(0)
		r.bell.theirs.Store(0)
	}
}

// place waits while the ring is full, until a quarter is free.
func (r *ring) place() []byte {
	if l := &r.out; l.pos-r.seen == l.slots {
		if r.seen = l.freed.Load(); l.pos-r.seen == l.slots {
			r.bell.wait(r.room)
			r.seen = l.freed.Load()
		}
	}
	_, _, body := r.out.at(r.out.pos)
	return body
}

func (r *ring) publish(n int) {
	sequence, bytes, _ := r.out.at(r.out.pos)
	*bytes = uint64(n)
	r.out.pos++
	sequence.Store(r.out.pos)
	r.bell.ring()
}

// take returns a slot's messages, and frees those of the slot before: a quarter
// of the ring at a time.
func (r *ring) take() []byte {
	l := &r.in
	if r.reading {
		l.pos++
		if l.pos&(l.slots/4-1) == 0 {
			l.freed.Store(l.pos)
			r.bell.ring()
		}
	}
	sequence, bytes, body := l.at(l.pos)
	if sequence.Load() != l.pos+1 {
		r.bell.wait(r.arrived)
	}
	r.reading = true
	return body[:*bytes]
}

// more is about the slot after the one that is being read.
func (r *ring) more() bool { return r.in.written(r.in.pos + 1) }

func (r *ring) serve(o order) uint64 { return serveEnd(r, o) }

func (r *ring) close() {
	r.bell.close()
	must(syscall.Munmap(r.mem))
}
