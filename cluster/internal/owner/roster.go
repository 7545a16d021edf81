package owner

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
)

// Headers by which the registry says that an entry is there no more.
const (
	removedHeader = "KV-Operation"       // by its agent
	expiredHeader = "Nats-Marker-Reason" // by the server
	ofAge         = "MaxAge"             // for nobody wrote it again
)

// missingTime is for how long an agent may be missing that was there before a break:
// longer than servers take to elect a leader, and it to renew its entry.
const missingTime = 30 * time.Second

// roster is the agents that are there, as the registry tells.
//
// One that said good-bye is gone at once. One whose entry has ended is doubted for
// a while first: servers without a leader take no renewals, and the next leader
// begins with ending what is old. So is one that a new consumer doesn't bring, and
// for longer: its server may be one that has just come back, and lack whatever
// the others can't tell it while they have no leader. Who runs something must not
// be thought gone: a loop that is cancelled would not wait for it.
type roster struct {
	reader
	changed func()
	cancel  context.CancelFunc
	ended   chan struct{}
	known   chan struct{} // closed once it knows the agents that were there
	tell    func()        // closes it

	// Of the reader's goroutine.
	whole bool            // the consumer has brought what was there when it began
	seen  map[string]bool // by then

	mu     sync.Mutex
	agents map[string]*listed
	slots  map[string]int // by lane
}

// listed is an agent.
type listed struct {
	*wire.Entry
	written []byte    // as
	until   time.Time // it is gone then, if its entry isn't back; zero while it is there
}

// openRoster returns once it knows the agents there are now. changed is called
// on its goroutine when that changes.
func (o *Owner) openRoster(ctx context.Context, registry jetstream.Stream, changed func()) (*roster, error) {
	r := newRoster(changed)
	r.reader = reader{owner: o, stream: registry, filter: o.Link.Space.EntrySubject("*"), newest: true,
		take: r.take, begun: r.begin,
		look: func() (idle bool) {
			r.review(time.Now())
			return false
		}}
	c, err := r.consumer(ctx)
	if err != nil {
		return nil, err
	}
	reading, cancel := context.WithCancel(o.ctx)
	r.cancel = cancel
	go func() {
		defer close(r.ended)
		r.follow(reading, c)
	}()
	select {
	case <-r.known:
		return r, nil
	case <-ctx.Done():
		r.close()
		return nil, context.Cause(ctx)
	}
}

func newRoster(changed func()) *roster {
	r := &roster{changed: changed, ended: make(chan struct{}), known: make(chan struct{}), agents: map[string]*listed{}}
	r.tell = sync.OnceFunc(func() { close(r.known) })
	return r
}

// begin hears that all entries come anew. What ended while nobody read is not
// among them.
func (r *roster) begin(entries uint64) {
	r.whole, r.seen = false, map[string]bool{}
	if entries == 0 {
		r.complete(time.Now())
	}
}

// take takes what the registry says of an agent.
func (r *roster) take(m jetstream.Msg, meta *jetstream.MsgMetadata) (more bool) {
	now := time.Now()
	if id, ok := r.owner.Link.Space.EntryAt(m.Subject()); ok {
		r.note(id, m.Headers(), m.Data(), now)
	}
	if !r.whole && meta.NumPending == 0 {
		r.complete(now)
	}
	r.review(now)
	return true
}

// note takes what the registry says of one.
func (r *roster) note(id string, h nats.Header, written []byte, now time.Time) {
	if h.Get(expiredHeader) == ofAge {
		if r.whole { // else it is missing
			r.mu.Lock()
			defer r.mu.Unlock()
			if a := r.agents[id]; a != nil {
				a.until = now.Add(names.EntryDoubt)
			}
		}
		return
	}
	var entry *wire.Entry
	if h.Get(removedHeader) == "" && h.Get(expiredHeader) == "" {
		entry, _ = wire.DecodeEntry(written) // one of another version is nobody we know
	}
	if !r.whole && entry != nil {
		r.seen[id] = true
	}
	r.update(func() (changed bool) {
		a := r.agents[id]
		switch {
		case entry == nil:
			delete(r.agents, id)
			return a != nil
		case a != nil && bytes.Equal(a.written, written): // it lives on
			a.until = time.Time{}
			return false
		default:
			r.agents[id] = &listed{Entry: entry, written: written}
			return true
		}
	})
}

// complete hears that all that was there has come.
func (r *roster) complete(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, a := range r.agents {
		if !r.seen[id] && a.until.IsZero() { // not later with each break
			a.until = now.Add(missingTime)
		}
	}
	r.whole, r.seen = true, nil
	r.tell()
}

// review drops those whose time is over.
func (r *roster) review(now time.Time) {
	r.update(func() (changed bool) {
		before := len(r.agents)
		maps.DeleteFunc(r.agents, func(_ string, a *listed) bool {
			return !a.until.IsZero() && !now.Before(a.until)
		})
		return len(r.agents) < before
	})
}

// update changes who is there, and says so if it made a difference.
func (r *roster) update(change func() (changed bool)) {
	r.mu.Lock()
	before := len(r.agents)
	differs := false
	if change() {
		slots := map[string]int{}
		for _, a := range r.agents {
			if a.Draining {
				continue
			}
			for _, lane := range a.Lanes {
				slots[lane] += a.Slots
			}
		}
		differs = len(r.agents) < before || !maps.Equal(slots, r.slots)
		r.slots = slots
	}
	r.mu.Unlock()
	if differs {
		r.changed()
	}
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

// present are the agents that are there, draining ones and doubted ones too.
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

// close ends the reading and waits for that.
func (r *roster) close() {
	r.cancel()
	<-r.ended
}
