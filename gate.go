package parfor

import (
	"container/heap"
	"time"
)

// gate decides which items of a stream may start now. Rates and limits, [Auto] and
// a [Control] act here and nowhere else, so they mean the same on every executor.
// An item that may not start yet waits here, without a worker. The stream's lock
// guards it.
type gate struct {
	rules   []*throttle
	tuner   *tuner // nil without Auto
	most    int    // tasks at once, 0 for any number
	paused  bool
	running int
	guests  []guest // by entry
	waiting int     // items in queues of quotas
	due     dueHeap // quotas by when their first may start
	freed   []*quota

	timer *time.Timer
	armed time.Time // when the timer fires; zero: it doesn't
	wake  func()    // looks again for what may start, on another goroutine
	over  bool
}

// guest is an item at the gate.
type guest struct {
	shares []share // what it takes of each rule; none before it was looked at
	inside bool
}

// next returns an entry that may start: one that waited, or the first of ready for
// which there is room.
func (g *gate) next(ready *refs, now time.Time) (ref int32, ok bool) {
	if g.shut() {
		return -1, false
	}
	if g.tuner != nil {
		if g.running >= g.tuner.limit.Workers {
			return -1, false
		}
		if at := g.tuner.ready(); at.After(now) {
			if ready.len() > 0 || g.waiting > 0 {
				g.arm(at)
			}
			return -1, false
		}
	}
	if ref, ok = g.waited(now); !ok {
		ref, ok = g.fresh(ready, now)
	}
	switch {
	case ok:
		g.moved(1, now)
		g.guests[ref].inside = true
	case len(g.due) > 0:
		g.arm(g.due[0].due)
	}
	return ref, ok
}

// shut reports whether nothing may start, until something happens.
func (g *gate) shut() bool {
	return g.over || g.paused || g.most > 0 && g.running >= g.most
}

// moved counts a start or an end.
func (g *gate) moved(by int, now time.Time) {
	if g.tuner != nil {
		g.tuner.moved(g.running, now)
		if by > 0 {
			g.tuner.started(now)
		}
	}
	g.running += by
}

// fresh goes through ready. What may not start yet begins to wait.
func (g *gate) fresh(ready *refs, now time.Time) (int32, bool) {
	for {
		ref, ok := ready.pop()
		if !ok {
			return -1, false
		}
		v := &g.guests[ref]
		if len(v.shares) == 0 {
			for _, t := range g.rules {
				v.shares = append(v.shares, t.share(ref, now))
			}
		}
		if g.admit(ref, nil, now) {
			return ref, true
		}
	}
}

// admit takes what an entry wants of all quotas, or has it wait for the first that
// has nothing left. It comes from the queue of from, nil for none. One that has
// waited already doesn't go behind others: two could change places for ever.
func (g *gate) admit(ref int32, from *quota, now time.Time) bool {
	shares := g.guests[ref].shares
	for _, s := range shares {
		if (from != nil || len(s.queue) == 0) && s.wait(now) == 0 {
			continue
		}
		s.queue = append(s.queue, ref)
		g.waiting++
		if len(s.queue) == 1 {
			g.plan(s.quota, now)
		}
		return false
	}
	for _, s := range shares {
		s.take(now)
	}
	return true
}

// waited returns an entry that waited for a quota and need not any more.
func (g *gate) waited(now time.Time) (int32, bool) {
	for {
		for len(g.due) > 0 && !g.due[0].due.After(now) {
			g.list(heap.Pop(&g.due).(*quota))
		}
		if len(g.freed) == 0 {
			return -1, false
		}
		q := g.freed[0]
		g.freed = g.freed[1:]
		q.listed = false
		if len(q.queue) == 0 || !g.plan(q, now) {
			continue
		}
		ref := q.queue[0]
		q.queue = q.queue[1:]
		g.waiting--
		ok := g.admit(ref, q, now)
		if len(q.queue) > 0 {
			g.list(q)
		}
		if ok {
			return ref, true
		}
	}
}

// plan reports whether the first in a quota's queue may start, as far as the quota
// is concerned, and notes when, if that is known.
func (g *gate) plan(q *quota, now time.Time) bool {
	var s share
	for _, s = range g.guests[q.queue[0]].shares {
		if s.quota == q {
			break
		}
	}
	d := s.wait(now)
	if d > 0 {
		if q.place > 0 {
			heap.Remove(&g.due, q.place-1)
		}
		q.due = now.Add(d)
		heap.Push(&g.due, q)
	}
	return d == 0
}

// list has a quota looked at.
func (g *gate) list(q *quota) {
	if !q.listed {
		q.listed = true
		g.freed = append(g.freed, q)
	}
}

// leave gives back what an entry has taken, if it has: its task ended, waits for a
// further attempt, or, unused, never began.
func (g *gate) leave(ref int32, unused bool, now time.Time) {
	v := &g.guests[ref]
	if !v.inside {
		return
	}
	v.inside = false
	g.moved(-1, now)
	for _, s := range v.shares {
		s.give(unused)
		if len(s.queue) > 0 {
			g.list(s.quota)
		}
	}
}

// forget makes room for the entry's next item.
func (g *gate) forget(ref int32) {
	v := &g.guests[ref]
	for _, s := range v.shares {
		s.users--
	}
	clear(v.shares)
	v.shares = v.shares[:0]
}

// arm has the gate looked at again at a time, or sooner.
func (g *gate) arm(at time.Time) {
	if g.over || !g.armed.IsZero() && !g.armed.After(at) {
		return
	}
	g.armed = at
	d := time.Until(at)
	if g.timer == nil {
		g.timer = time.AfterFunc(d, g.wake)
	} else {
		g.timer.Reset(d)
	}
}

// stop ends the gate and returns what waits in it.
func (g *gate) stop() (left []int32) {
	g.over = true
	if g.timer != nil {
		g.timer.Stop()
	}
	if g.tuner != nil && g.tuner.timer != nil {
		g.tuner.timer.Stop()
	}
	for _, t := range g.rules {
		for _, q := range t.quotas {
			left = append(left, q.queue...)
			q.queue = nil
		}
	}
	g.waiting = 0
	return left
}

// dueHeap is a heap of quotas.
type dueHeap []*quota

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *dueHeap) Push(x any) {
	q := x.(*quota)
	*h = append(*h, q)
	q.place = len(*h)
}

func (h *dueHeap) Pop() any {
	q := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	q.place = 0
	return q
}
