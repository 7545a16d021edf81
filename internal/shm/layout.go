// Package shm is the memory that a pool and one of its worker processes
// share: a status page, a ring of requests, and a ring of results per slot.
//
// Nothing in it is ever locked. Every word has one writer, or is changed by
// compare-and-swap, so that a process killed at any instruction leaves the
// memory readable. A result is written before the word that announces it.
package shm

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Sizes of the rings. A ring holds a few milliseconds of the shortest tasks;
// pages that were never touched cost nothing.
const (
	RingSize   = 4096    // requests; 64 bytes each
	arenaSize  = 1 << 20 // payloads of requests
	resultSize = 1 << 20 // of one slot alone; several share it
	minResults = 64 << 10

	// MaxSlots bounds the tasks that run at once in one worker.
	MaxSlots = 4095

	page  = 4096
	magic = 0x70617266_6f720001 // "parfor", version 1
)

// header is the first page: constants, written by the pool before the worker
// starts, and the doorbells.
type header struct {
	magic   uint64
	nonce   uint64
	slots   uint64
	results uint64 // bytes of each result ring
	ident   Identity

	// Bells. Each has its cache line: a worker that announces results must not
	// pull the line from under a pool that looks whether it sleeps.
	bells Bells
}

// Identity is who a worker is to its pool.
type Identity struct {
	Life uint64 // number of this worker's life in the pool's program, from 1
	Pool uint64 // random number of the pool

	Number uint32 // of the worker in its pool, from 0
	Nth    uint32 // process with that number, from 1
	Level  int64  // of log records that somebody wants, math.MaxInt64 if nobody wants any
}

// Bells tell each side whether the other one sleeps, and thus needs a byte in
// its pipe. Who is about to sleep sets its word, looks again, then sleeps; who
// wakes it swaps the word back first, so that one sleep costs one byte.
type Bells struct {
	Sleeping atomic.Uint32 // the worker has no request
	Spin     atomic.Uint32 // before it sleeps it may look for one for a while
	Urgent   atomic.Uint32 // slots that wait for the verdict on a result
	Careful  atomic.Uint32 // tasks conflict: one that may waits for its verdict
	_        [48]byte
	Waiting  atomic.Uint32 // the pool waits for results: how is in process/host.go
	Want     atomic.Uint32 // ... for that many, unless the worker runs dry
	_        [56]byte
}

// Status is what one slot of a worker is doing.
type Status struct {
	Finished  atomic.Uint64 // results published: the head of the slot's ring
	Current   atomic.Uint64 // request position + 1 of the running task, 0 when idle
	StartedAt atomic.Int64  // of the running task, monotonic nanoseconds
	Loop      atomic.Uint32 // number of the loop it belongs to
	Beat      atomic.Uint32 // of slot 0: moves while the worker lives
	_         [32]byte

	Read     atomic.Uint64 // results the pool has read
	Consumed atomic.Uint64 // bytes of the ring that may be written again
	waits    atomic.Uint32 // how many sleep in the worker until Read has moved
	turn     atomic.Uint32 // moves when they are woken
	_        [40]byte
}

func init() {
	if unsafe.Sizeof(Status{}) != 128 || unsafe.Sizeof(Request{}) != 64 || unsafe.Sizeof(header{}) > page {
		panic("parfor: the layout of shared memory is broken")
	}
}

// Memory is the mapped memory of one worker, seen from either side.
type Memory struct {
	region  *Region
	mem     []byte
	head    *header
	Bells   *Bells
	slots   []Status
	results int
	ident   Identity // not read from where the other side can write
	own     []byte   // of the pool's readers
}

// resultBytes shares a fixed budget among the slots: many slots are for tasks
// that wait, whose results are few.
func resultBytes(slots int) int {
	n := resultSize / slots
	return max(minResults, 1<<(bits.Len(uint(n))-1))
}

func size(slots, results int) int {
	return page + roundUp(slots*128, page) + RingSize*64 + arenaSize + slots*results
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// Create makes the memory of a worker with that many slots.
func Create(slots int, nonce uint64, id Identity) (*Memory, error) {
	results := resultBytes(slots)
	r, err := create(size(slots, results))
	if err != nil {
		return nil, err
	}
	m := view(r, r.mem, slots, results)
	m.head.magic, m.head.nonce = magic, nonce
	m.head.slots, m.head.results = uint64(slots), uint64(results)
	m.head.ident, m.ident = id, id
	return m, nil
}

// Open maps the memory that a pool made, in the worker that inherited fd.
func Open(fd uintptr, nonce uint64) (*Memory, error) {
	r, err := open(fd)
	if err != nil {
		return nil, err
	}
	if len(r.mem) < page {
		return nil, errors.Join(fmt.Errorf("parfor: shared memory has %d bytes", len(r.mem)), r.close())
	}
	h := (*header)(unsafe.Pointer(&r.mem[0]))
	slots, results := int(h.slots), int(h.results)
	if h.magic != magic || h.nonce != nonce || slots < 1 || slots > MaxSlots ||
		results != resultBytes(slots) || len(r.mem) < size(slots, results) {
		return nil, errors.Join(errors.New("parfor: the inherited memory is not this worker's"), r.close())
	}
	m := view(r, r.mem, slots, results)
	m.ident = h.ident
	return m, nil
}

// Twin makes the same structure on the heap, where the race detector sees it.
func Twin(slots int) *Memory {
	results := resultBytes(slots)
	n := size(slots, results)
	words := make([]uint64, n/8)
	mem := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n)
	return view(nil, mem, slots, results)
}

// Raw is all of the memory, for tests that overwrite it.
func (m *Memory) Raw() []byte { return m.mem }

func view(r *Region, mem []byte, slots, results int) *Memory {
	h := (*header)(unsafe.Pointer(&mem[0]))
	return &Memory{region: r, mem: mem, head: h, Bells: &h.bells, results: results,
		slots: unsafe.Slice((*Status)(unsafe.Pointer(&mem[page])), slots)}
}

// Identity is who the worker is.
func (m *Memory) Identity() Identity { return m.ident }

// Slots is how many tasks can run in the worker at once.
func (m *Memory) Slots() int { return len(m.slots) }

// Status returns the status of a slot.
func (m *Memory) Status(slot int) *Status { return &m.slots[slot] }

// FD is the descriptor to hand to the worker.
func (m *Memory) FD() uintptr { return m.region.file.Fd() }

// File is the file to hand to the worker.
func (m *Memory) File() File { return m.region.file }

// Close unmaps the memory and closes its file. Nothing may use it any more.
func (m *Memory) Close() error {
	if m.region == nil {
		return nil
	}
	return m.region.close()
}

func (m *Memory) ringAt() int    { return page + roundUp(len(m.slots)*128, page) }
func (m *Memory) arenaAt() int   { return m.ringAt() + RingSize*64 }
func (m *Memory) resultsAt() int { return m.arenaAt() + arenaSize }

func (m *Memory) ring() []Request {
	return unsafe.Slice((*Request)(unsafe.Pointer(&m.mem[m.ringAt()])), RingSize)
}

func (m *Memory) arena() []byte { return m.mem[m.arenaAt() : m.arenaAt()+arenaSize] }

func (m *Memory) resultRing(slot int) []byte {
	at := m.resultsAt() + slot*m.results
	return m.mem[at : at+m.results : at+m.results]
}
