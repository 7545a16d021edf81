package owner

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/wire"
)

// roster is the agents that are there, as the registry tells.
type roster struct {
	watch   jetstream.KeyWatcher
	changed func()
	done    chan struct{}

	mu     sync.Mutex
	agents map[string]*wire.Entry
	slots  map[string]int // by lane
}

// openRoster returns once it knows the agents there are now. changed is called
// on its goroutine when that changes.
func openRoster(ctx context.Context, kv jetstream.KeyValue, changed func()) (*roster, error) {
	w, err := kv.WatchAll(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	r := &roster{watch: w, changed: changed, done: make(chan struct{}), agents: map[string]*wire.Entry{}}
	known := make(chan struct{})
	go r.run(known)
	select {
	case <-known:
		return r, nil
	case <-ctx.Done():
		r.close()
		return nil, context.Cause(ctx)
	}
}

func (r *roster) run(known chan struct{}) {
	defer close(r.done)
	for e := range r.watch.Updates() {
		if e == nil { // all that was there has been told
			if known != nil {
				close(known)
				known = nil
			}
			continue
		}
		if r.note(e) {
			r.changed()
		}
	}
}

// note takes an entry, and reports whether the slots are others now.
func (r *roster) note(e jetstream.KeyValueEntry) bool {
	var entry *wire.Entry
	if e.Operation() == jetstream.KeyValuePut {
		entry, _ = wire.DecodeEntry(e.Value()) // one of another version is nobody we know
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if entry == nil {
		delete(r.agents, e.Key())
	} else {
		r.agents[e.Key()] = entry
	}
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
	return !same || entry == nil
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
	r.watch.Stop() // the connection ends next: what fails here is gone then
	<-r.done
}
