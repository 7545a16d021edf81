package shm

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// inlineSize is what fits into a request's own cache line.
const inlineSize = 32

// Task says what a request asks for.
type Task struct {
	Index   int64
	Attempt int32
	Loop    uint32 // the pool's number of the loop
	Body    uint32 // its place in the registry
	place   uint32 // where the payload lies: inline size, or one of the two below
}

// Request is one task on its way to a worker: one cache line.
type Request struct {
	state atomic.Uint64 // position<<16 | slot<<4 | State
	Task
	payload [inlineSize]byte
}

const (
	inArena = 1 << 30
	inArea  = 1<<30 + 1
)

// State of a request. The pool makes it Ready; then it is claimed by a slot
// or taken back by the pool, whichever swaps first, so that there is no moment
// at which nobody knows whether a task began:
//
//	Empty -> Ready -> Started -> Handed (only with several slots)
//	           |         +-> its result is published: the pool may reuse it
//	           +--> Revoked: the worker skips it
//
// The position in the word makes each lap's states distinct.
type State uint8

// States.
const (
	Empty State = iota
	Ready
	Started
	Handed // the slot has copied it: the place in the ring is free
	Revoked
)

func word(pos uint64, slot int, s State) uint64 { return pos<<16 | uint64(slot)<<4 | uint64(s) }

// StateAt returns the state of the request at a position, and the slot that
// claimed it. A request of another lap is Empty.
func (q *Requests) StateAt(pos uint64) (State, int) {
	w := q.ring[pos%RingSize].state.Load()
	if w>>16 != pos&(1<<48-1) {
		return Empty, 0
	}
	return State(w & 15), int(w >> 4 & 0xfff)
}

// Requests is the pool's side of the request ring. Push has one caller at a
// time, the owner of the worker; Revoke and Find may be called by anybody.
type Requests struct {
	m     *Memory
	ring  []Request
	arena []byte
}

// Requests returns the ring of requests.
func (m *Memory) Requests() *Requests {
	return &Requests{m: m, ring: m.ring(), arena: m.arena()}
}

// ArenaSize is the number of bytes for payloads that don't fit a request.
const ArenaSize = arenaSize

// LargeAt is the size from which a payload gets an area instead of a place in
// the arena.
const LargeAt = arenaSize / 4

// Space is the arena a payload takes when the next free byte is at, counted
// without wrapping: none if it fits the request, else a stretch that does not
// cross the end.
func Space(at uint64, n int) (start, end uint64) {
	if n <= inlineSize {
		return at, at
	}
	size := uint64(roundUp(n, 8))
	if room := arenaSize - at%arenaSize; room < size {
		at += room
	}
	return at, at + size
}

// Put writes the request at a position that is free, with its payload, of which
// tail is the end, at start in the arena, or in an area if area is not negative.
// The worker sees it at once.
func (q *Requests) Put(pos uint64, t Task, payload, tail []byte, start uint64, area int) error {
	size := len(payload) + len(tail)
	d := &q.ring[pos%RingSize]
	d.Index, d.Attempt, d.Loop, d.Body = t.Index, t.Attempt, t.Loop, t.Body
	switch {
	case area >= 0:
		if err := q.m.region.writeArea(area, payload, tail); err != nil {
			return err
		}
		d.setLoc(uint64(area), uint64(size))
		d.place = inArea
	case size <= inlineSize:
		copy(d.payload[copy(d.payload[:], payload):], tail)
		d.place = uint32(size)
	default:
		at := start % arenaSize
		copy(q.arena[at+uint64(copy(q.arena[at:], payload)):], tail)
		d.setLoc(at, uint64(size))
		d.place = inArena
	}
	d.state.Store(word(pos, 0, Ready))
	return nil
}

// FreeArea gives the memory of an area back.
func (q *Requests) FreeArea(area int, n uint64) { q.m.region.freeArea(area, n) }

// Revoke takes the request back if no slot has claimed it.
func (q *Requests) Revoke(pos uint64) bool {
	return q.ring[pos%RingSize].state.CompareAndSwap(word(pos, 0, Ready), word(pos, 0, Revoked))
}

// Find looks for a request of a task that no slot has claimed. It is safe
// beside the owner: a position found is only a hint until Revoke succeeds.
func (q *Requests) Find(loop uint32, index int64, attempt int32) (pos uint64, ok bool) {
	for i := range q.ring {
		d := &q.ring[i]
		w := d.state.Load()
		if State(w&15) == Ready && w>>16%RingSize == uint64(i) && d.Loop == loop && d.Index == index && d.Attempt == attempt && d.state.Load() == w {
			return w >> 16, true
		}
	}
	return 0, false
}

func (d *Request) loc() (*uint64, *uint64) {
	p := (*[2]uint64)(unsafe.Pointer(&d.payload))
	return &p[0], &p[1]
}

func (d *Request) setLoc(at, n uint64) {
	a, b := d.loc()
	*a, *b = at, n
}

// Queue is the worker's side of the request ring.
type Queue struct {
	*Requests
	next   atomic.Uint64
	broken atomic.Bool
}

// Broken reports whether the ring holds what the pool can't have put there.
func (q *Queue) Broken() bool { return q.broken.Load() }

// Queue returns the worker's side.
func (m *Memory) Queue() *Queue { return &Queue{Requests: m.Requests()} }

// Claim takes the next request for a slot, or says that there is none. It is
// safe for concurrent use: who loses a race helps the position along.
func (q *Queue) Claim(slot int) (*Request, uint64, bool) {
	for {
		pos := q.next.Load()
		d := &q.ring[pos%RingSize]
		w := d.state.Load()
		if lapped(w, pos) {
			if (w>>16-pos)%RingSize != 0 {
				q.broken.Store(true)
				return nil, 0, false
			}
			q.next.CompareAndSwap(pos, pos+1)
			continue
		}
		if w>>16 != pos || State(w&15) == Empty {
			if q.next.Load() != pos {
				continue
			}
			return nil, 0, false
		}
		won := State(w&15) == Ready && d.state.CompareAndSwap(w, word(pos, slot, Started))
		q.next.CompareAndSwap(pos, pos+1)
		if won {
			return d, pos, true
		}
	}
}

// lapped reports whether the place of a position holds a request of a later
// lap. The pool reuses the place of a request that it took back without waiting
// for the worker to have seen that, so a worker that slept through a lap of
// them has to catch up.
func lapped(w, pos uint64) bool { return State(w&15) != Empty && w>>16 > pos }

// Idle reports whether there is nothing to claim.
func (q *Queue) Idle() bool {
	pos := q.next.Load()
	w := q.ring[pos%RingSize].state.Load()
	return !lapped(w, pos) && (w>>16 != pos || State(w&15) == Empty)
}

// Payload returns the bytes of a claimed request, which alias the shared memory, or
// with release are valid until that is called.
func (q *Queue) Payload(d *Request) (b []byte, release func(kept bool), err error) {
	switch {
	case d.place <= inlineSize:
		return d.payload[:d.place:d.place], nil, nil
	case d.place == inArena:
		at, n := d.loc()
		if *at > arenaSize || *n > arenaSize-*at {
			return nil, nil, fmt.Errorf("parfor: a request lies outside its arena")
		}
		return q.arena[*at : *at+*n : *at+*n], nil, nil
	default:
		area, n := d.loc()
		if *area > 2*MaxSlots+1 {
			return nil, nil, fmt.Errorf("parfor: a request lies outside its areas")
		}
		return q.m.region.readArea(int(*area), *n)
	}
}

// Large reports whether the payload lies in an area of its own.
func (d *Request) Large() bool { return d.place == inArea }

// HandOff frees the request's place in the ring: the slot has a copy.
func (q *Queue) HandOff(d *Request, pos uint64, slot int) {
	d.state.Store(word(pos, slot, Handed))
}

// Running returns the index of the item that slot 0 runs, from any goroutine.
func (q *Requests) Running() (index int64, ok bool) {
	pos := q.m.slots[0].Current.Load()
	if pos == 0 {
		return 0, false
	}
	return q.ring[(pos-1)%RingSize].Index, true
}

// RunningTask is Running for who is in the worker, and gets the whole task. It
// reports false where several slots share the ring: a slot gives its request
// back before it runs the task.
func (q *Requests) RunningTask() (t Task, ok bool) {
	if len(q.m.slots) > 1 {
		return t, false
	}
	current := &q.m.slots[0].Current
	pos := current.Load()
	if pos == 0 {
		return t, false
	}
	t = q.ring[(pos-1)%RingSize].Task
	return t, current.Load() == pos
}
