package task

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
)

// turns are the tasks that conflicted so often that they now run alone on
// their keys: while one has the turn, no other task that observed one of its
// keys can commit. They come in the order in which they asked, but one whose
// keys nobody before it wants need not wait.
var turns struct {
	sync.Mutex
	open  atomic.Int32 // length of queue, for those who only look
	next  uint64
	queue list.List // of *Turn, in order of asking
}

// Turn is a place in the queue for keys.
type Turn struct {
	pass  uint64
	keys  []Key
	ready func()
	runs  bool
	at    *list.Element // nil after Leave
}

// TakeTurn queues for keys, which it keeps. It calls ready once they are free,
// possibly before it returns, else on the goroutine of the one who leaves, and
// never after Leave; ready must not block. Every turn is to be left, had or
// not.
func TakeTurn(keys []Key, ready func()) *Turn {
	turns.Lock()
	turns.next++
	t := &Turn{pass: turns.next, keys: keys, ready: ready}
	t.at = turns.queue.PushBack(t)
	turns.open.Add(1)
	ready = advance()
	turns.Unlock()
	ready()
	return t
}

// Pass is what the task commits with; 0 for a nil turn.
func (t *Turn) Pass() uint64 {
	if t == nil {
		return 0
	}
	return t.pass
}

// Leave gives the keys to the next. A second call, and one on nil, does
// nothing.
func (t *Turn) Leave() {
	if t == nil {
		return
	}
	turns.Lock()
	if t.at == nil {
		turns.Unlock()
		return
	}
	turns.queue.Remove(t.at)
	t.at = nil
	turns.open.Add(-1)
	ready := advance()
	turns.Unlock()
	ready()
}

// advance starts those whose keys nobody before them has or wants. The lock is
// held; what it returns is to be called without it.
func advance() func() {
	var ready []func()
	taken := map[Key]bool{}
	for e := turns.queue.Front(); e != nil; e = e.Next() {
		t := e.Value.(*Turn)
		if !t.runs && !slices.ContainsFunc(t.keys, func(k Key) bool { return taken[k] }) {
			t.runs = true
			ready = append(ready, t.ready)
		}
		for _, k := range t.keys {
			taken[k] = true
		}
	}
	return func() {
		for _, f := range ready {
			f()
		}
	}
}

// Barred reports whether one of the keys belongs to a turn other than pass.
func Barred(keys []Key, pass uint64) bool {
	if turns.open.Load() == 0 {
		return false
	}
	turns.Lock()
	defer turns.Unlock()
	for e := turns.queue.Front(); e != nil; e = e.Next() {
		t := e.Value.(*Turn)
		if t.runs && t.pass != pass && slices.ContainsFunc(keys, func(k Key) bool { return slices.Contains(t.keys, k) }) {
			return true
		}
	}
	return false
}

// Turns reports whether anybody has a turn: then those who observed have to ask
// [Barred].
func Turns() bool { return turns.open.Load() > 0 }
