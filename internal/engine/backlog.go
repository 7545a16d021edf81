package engine

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"parfor.dev/parfor/internal/task"
)

// backlogLimit is how many submissions may wait to be started. It is far above
// what keeps workers busy and far below what hurts: a pending future costs
// well under a kilobyte besides its input.
const backlogLimit = 1024

// Why a submission was not admitted.
var (
	ErrFull = errors.New("parfor: too many submissions wait to be started")
	ErrShut = errors.New("parfor: closed")
)

// Starter is a submission that waits for a slot of an in-process executor. Run
// is called on a goroutine of its own, which holds a slot that Run gives back.
type Starter interface{ Run() }

// backlog numbers submissions, bounds the unstarted ones, starts them in the
// order they came, and waits for all of them at the end.
type backlog struct {
	mu        sync.Mutex
	next      int // number of the next submission
	open      int // admitted and not settled
	unstarted int // admitted and not started
	closed    bool
	drained   chan struct{} // closed when open is 0; made by drain
	waiting   list.List     // of *waiter: callers of Admit

	queue   list.List // of Starter
	seekers int       // goroutines that wait for a slot to run the head of queue
}

type waiter struct {
	ready chan struct{}
	index int
	err   error
}

// Admit numbers a submission. It blocks while too many are unstarted, until
// ctx ends; callers are served in order of arrival. Every admitted submission
// is to be started (or withdrawn) once and settled once.
func (b *backlog) Admit(ctx context.Context) (index int, err error) {
	b.mu.Lock()
	if index, err = b.admit(); err != ErrFull {
		b.mu.Unlock()
		return index, err
	}
	w := &waiter{ready: make(chan struct{})}
	at := b.waiting.PushBack(w)
	b.mu.Unlock()
	select {
	case <-w.ready:
		return w.index, w.err
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-w.ready: // served in the same moment
		return w.index, w.err
	default:
		b.waiting.Remove(at)
		return -1, ctx.Err()
	}
}

// TryAdmit is Admit that never blocks: a full backlog is ErrFull.
func (b *backlog) TryAdmit() (index int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.admit()
}

// AdmitStarted admits a submission that starts at once, however full the
// backlog is.
func (b *backlog) AdmitStarted() (index int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return -1, ErrShut
	}
	return b.number(), nil
}

func (b *backlog) admit() (int, error) {
	switch {
	case b.closed:
		return -1, ErrShut
	case b.unstarted >= backlogLimit || b.waiting.Len() > 0:
		return -1, ErrFull
	}
	b.unstarted++
	return b.number(), nil
}

func (b *backlog) number() int {
	n := b.next
	b.next++
	b.open++
	task.Loose.Add(1)
	return n
}

// Started says that n admitted submissions no longer wait.
func (b *backlog) Started(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started(n)
}

func (b *backlog) started(n int) {
	b.unstarted -= n
	for b.unstarted < backlogLimit && b.waiting.Len() > 0 {
		w := b.waiting.Remove(b.waiting.Front()).(*waiter)
		b.unstarted++
		w.index = b.number()
		close(w.ready)
	}
}

// Hold keeps drain waiting for something that goes on after its submission was
// settled: a callback.
func (b *backlog) Hold() {
	b.mu.Lock()
	b.open++
	b.mu.Unlock()
	task.Loose.Add(1)
}

// Settle ends an admission or a Hold.
func (b *backlog) Settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	task.Loose.Add(-1)
	if b.open == 0 && b.drained != nil {
		close(b.drained)
		b.drained = nil
	}
}

// drain refuses new submissions and waits for the open ones.
func (b *backlog) drain() {
	b.mu.Lock()
	b.closed = true
	for b.waiting.Len() > 0 {
		w := b.waiting.Remove(b.waiting.Front()).(*waiter)
		w.index, w.err = -1, ErrShut
		close(w.ready)
	}
	if b.open == 0 {
		b.mu.Unlock()
		return
	}
	if b.drained == nil {
		b.drained = make(chan struct{})
	}
	drained := b.drained
	b.mu.Unlock()
	<-drained
}

// Enqueue runs s when a slot of local is free and all submissions before it
// have started. A waiting submission costs no goroutine: as many goroutines as
// there are slots, at most, wait for one on behalf of all.
func (b *backlog) Enqueue(local Local, s Starter) (place *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	place = b.queue.PushBack(s)
	b.recruit(local)
	return place
}

// Withdraw takes a cancelled submission out of the queue, if it is still there.
func (b *backlog) Withdraw(place *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if before := b.queue.Len(); before > 0 {
		b.queue.Remove(place) // does nothing if it has left
		b.started(before - b.queue.Len())
	}
}

// recruit keeps min(queued, slots) goroutines waiting for a slot.
func (b *backlog) recruit(local Local) {
	for b.seekers < min(b.queue.Len(), local.Slots()) {
		b.seekers++
		go b.seek(local)
	}
}

// seek runs the oldest submission once there is a slot. Its goroutine runs no
// second one: a body may end it (runtime.Goexit).
func (b *backlog) seek(local Local) {
	local.Acquire(nil)
	b.mu.Lock()
	b.seekers--
	head := b.queue.Front()
	if head == nil { // withdrawn meanwhile
		b.mu.Unlock()
		local.Release()
		return
	}
	s := b.queue.Remove(head).(Starter)
	b.started(1)
	b.recruit(local)
	b.mu.Unlock()
	s.Run()
}
