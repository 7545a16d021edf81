package dict

import (
	"container/list"
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
)

var errWatch = errors.New("Watch is for the program that owns the dictionary, outside tasks: a task sees what is committed with Get")

// Change is what a commit did to one key.
type Change[K comparable, V any] struct {
	Key     K
	Value   V
	Present bool   // false: the key is gone
	Cleared bool   // every key is gone; there is no Key
	Commit  uint64 // number of the commit
	Lagged  bool   // changes of this key before this one were left out
}

// Watch yields the entries that are there now and were committed after the
// number from (0 for all of them), and then every change, in the order of the
// commits, until the loop breaks or ctx ends, with the context's cause as a last
// error. The changes of one commit come together, in no particular order.
//
// A commit never waits for a watcher. Who is slower than the commits gets, of
// each key, the newest change only, marked Lagged; memory is bounded by the
// number of keys. Where keys and values are numbers the dictionary doesn't
// know when an entry was committed: then all of them come first. A key that was
// removed before Watch was called is not reported.
//
// While somebody watches, commits to the dictionary run one after the other.
func (d *Dict[K, V]) Watch(ctx context.Context, from uint64) iter.Seq2[Change[K, V], error] {
	return func(yield func(Change[K, V], error) bool) {
		c, a, err := d.enter(ctx)
		if err == nil && (a != nil || task.InWorker.Load()) {
			err = c.named(errWatch)
		}
		if err != nil {
			yield(Change[K, V]{}, err)
			return
		}
		t := c.table()
		w := t.watch.join()
		defer t.watch.leave(w)
		if !c.present(t, from, w, yield) {
			return
		}
		for {
			changes, err := w.next(ctx)
			for i := range changes {
				x := &changes[i]
				if c.copy != nil && x.Present {
					if x.Value, err = c.copy(x.Value); err != nil {
						break
					}
				}
				if !yield(*x, nil) {
					return
				}
			}
			if err != nil {
				yield(Change[K, V]{}, err)
				return
			}
		}
	}
}

// present yields what is there when the watch begins. Later commits are in w.
func (c *core[K, V]) present(t *table[K, V], from uint64, w *watcher[K, V], yield func(Change[K, V], error) bool) bool {
	v, err := t.freeze()
	if err != nil {
		yield(Change[K, V]{}, err)
		return false
	}
	defer v.close()
	w.since(v.at)
	for x := range v.newer(from) {
		if c.copy != nil {
			if x.Value, err = c.copy(x.Value); err != nil {
				yield(Change[K, V]{}, c.named(err))
				return false
			}
		}
		if !yield(x, nil) {
			return false
		}
	}
	return true
}

// newer returns the entries committed after from, as changes.
func (v *view[K, V]) newer(from uint64) iter.Seq[Change[K, V]] {
	return func(yield func(Change[K, V]) bool) {
		for _, m := range v.cells {
			more := m.all(func(k K, val V, at uint64) bool {
				return at <= from || yield(Change[K, V]{Key: k, Value: val, Present: true, Commit: at})
			})
			if !more {
				return
			}
		}
		for _, w := range v.words {
			more := true
			w.Each(func(k, val uint64) bool {
				more = yield(Change[K, V]{Key: fromWord[K](k), Value: fromWord[V](val), Present: true, Commit: v.at})
				return more
			})
			if !more {
				return
			}
		}
	}
}

// watchers are those who watch a table.
type watchers[K comparable, V any] struct {
	some atomic.Bool // commits hold the table's one lock, and note what they do
	mu   sync.Mutex
	all  map[*watcher[K, V]]bool
}

func (ws *watchers[K, V]) join() *watcher[K, V] {
	w := &watcher[K, V]{at: map[K]*list.Element{}, wake: make(chan struct{}, 1)}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = map[*watcher[K, V]]bool{}
	}
	ws.all[w] = true
	ws.some.Store(true)
	return w
}

func (ws *watchers[K, V]) leave(w *watcher[K, V]) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
	ws.some.Store(len(ws.all) > 0)
}

// note, wiped and publish are called by the committer, who holds the table's
// one lock.
func (ws *watchers[K, V]) note(k K, v V, ok bool, n uint64) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.note(Change[K, V]{Key: k, Value: v, Present: ok, Commit: n})
	}
}

func (ws *watchers[K, V]) wiped(n uint64) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.clear(n)
	}
}

func (ws *watchers[K, V]) publish() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// watcher is what one of them has not seen yet: at most one change of a key.
type watcher[K comparable, V any] struct {
	wake chan struct{}

	mu    sync.Mutex
	from  uint64
	queue list.List // of Change, in the order of commits
	at    map[K]*list.Element
}

// since drops what the beginning of the watch has shown.
func (w *watcher[K, V]) since(n uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = n
	for e := w.queue.Front(); e != nil && e.Value.(Change[K, V]).Commit <= n; e = w.queue.Front() {
		if x := w.queue.Remove(e).(Change[K, V]); !x.Cleared {
			delete(w.at, x.Key)
		}
	}
}

func (w *watcher[K, V]) note(x Change[K, V]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x.Commit <= w.from {
		return
	}
	if e := w.at[x.Key]; e != nil {
		w.queue.Remove(e)
		x.Lagged = true
	}
	w.at[x.Key] = w.queue.PushBack(x)
}

func (w *watcher[K, V]) clear(n uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n <= w.from {
		return
	}
	lagged := w.queue.Len() > 0
	w.queue.Init()
	clear(w.at)
	w.queue.PushBack(Change[K, V]{Cleared: true, Commit: n, Lagged: lagged})
}

// next returns what has happened since the last call; it waits while that is
// nothing.
func (w *watcher[K, V]) next(ctx context.Context) (xs []Change[K, V], err error) {
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		w.mu.Lock()
		for e := w.queue.Front(); e != nil; e = e.Next() {
			xs = append(xs, e.Value.(Change[K, V]))
		}
		w.queue.Init()
		clear(w.at)
		w.mu.Unlock()
		if len(xs) > 0 {
			return xs, nil
		}
	}
}
