package owner

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/wire"
)

// roster is the agents that are there, as the registry tells. A watch is a consumer
// that a server forgets when it ends; the client finds out some ten seconds later,
// in which agents would come and not be seen. So there is a new one whenever the
// connection is.
type roster struct {
	kv      jetstream.KeyValue
	changed func()
	again   chan struct{} // to begin a new watch
	end     context.CancelFunc
	done    chan struct{}

	mu     sync.Mutex
	agents map[string]*wire.Entry
	slots  map[string]int // by lane
}

// rewatchPause is between tries to begin a watch, while servers have no leader.
const rewatchPause = 250 * time.Millisecond

// openRoster returns once it knows the agents there are now. changed is called
// on its goroutine when that changes.
func openRoster(ctx context.Context, kv jetstream.KeyValue, changed func()) (*roster, error) {
	live, end := context.WithCancel(context.WithoutCancel(ctx))
	w, err := kv.WatchAll(live)
	if err != nil {
		end()
		return nil, err
	}
	r := &roster{kv: kv, changed: changed, again: make(chan struct{}, 1), end: end, done: make(chan struct{}), agents: map[string]*wire.Entry{}}
	known := make(chan struct{})
	go r.run(live, w, sync.OnceFunc(func() { close(known) }))
	select {
	case <-known:
		return r, nil
	case <-ctx.Done():
		r.close()
		return nil, context.Cause(ctx)
	}
}

// rewatch has the roster read the registry anew.
func (r *roster) rewatch() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

func (r *roster) run(ctx context.Context, w jetstream.KeyWatcher, known func()) {
	defer close(r.done)
	all := map[string]*wire.Entry{} // of a watch that has not told all yet
	updates := w.Updates()
	for {
		select {
		case <-ctx.Done():
			w.Stop() // the connection ends next: what fails here is gone then
			return
		case <-r.again:
			next, err := r.kv.WatchAll(ctx)
			if err != nil {
				time.AfterFunc(rewatchPause, r.rewatch)
				continue
			}
			w.Stop() // its consumer may be gone
			w, updates, all = next, next.Updates(), map[string]*wire.Entry{}
		case e, ok := <-updates:
			switch {
			case !ok: // the client gave it up
				updates = nil
				time.AfterFunc(rewatchPause, r.rewatch)
			case e == nil: // all that was there has been told
				if r.take(all) {
					r.changed()
				}
				all = nil
				known()
			case all != nil:
				all[e.Key()] = entryOf(e)
			case r.note(e):
				r.changed()
			}
		}
	}
}

// entryOf is what an agent says of itself, nil if it is gone, or of another version.
func entryOf(e jetstream.KeyValueEntry) *wire.Entry {
	if e.Operation() != jetstream.KeyValuePut {
		return nil
	}
	entry, err := wire.DecodeEntry(e.Value())
	if err != nil {
		return nil
	}
	return entry
}

// take takes all entries that there are, and reports whether the slots are others
// now, or an agent has gone.
func (r *roster) take(all map[string]*wire.Entry) bool {
	maps.DeleteFunc(all, func(_ string, e *wire.Entry) bool { return e == nil })
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := false
	for id := range r.agents {
		gone = gone || all[id] == nil
	}
	r.agents = all
	return r.recount() || gone
}

// note takes an entry, and reports whether the slots are others now, or an agent
// has gone.
func (r *roster) note(e jetstream.KeyValueEntry) bool {
	entry := entryOf(e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if entry == nil {
		delete(r.agents, e.Key())
	} else {
		r.agents[e.Key()] = entry
	}
	return r.recount() || entry == nil
}

// recount counts slots, and reports whether there are others than before. The lock
// is held.
func (r *roster) recount() bool {
	slots := map[string]int{}
	for _, a := range r.agents {
		if a.Draining {
			continue
		}
		for _, lane := range a.Lanes {
			slots[lane] += a.Slots
		}
	}
	same := maps.Equal(slots, r.slots)
	r.slots = slots
	return !same
}

// at is how many slots there are for a lane.
func (r *roster) at(lane string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slots[lane]
}

// total is how many slots serve any of the lanes.
func (r *roster) total(lanes map[string]bool) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.agents {
		if !a.Draining && slices.ContainsFunc(a.Lanes, func(lane string) bool { return lanes[lane] }) {
			n += a.Slots
		}
	}
	return n
}

// present are the agents that are there, draining ones too.
func (r *roster) present() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]bool{}
	for id := range r.agents {
		all[id] = true
	}
	return all
}

// count says how many agents there are at all, for errors.
func (r *roster) count() int { return len(r.present()) }

func (r *roster) close() {
	r.end()
	<-r.done
}
