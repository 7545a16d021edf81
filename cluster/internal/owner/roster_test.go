package owner

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
)

func entryOf(slots int) []byte {
	return wire.AppendEntry(nil, &wire.Entry{Slots: slots, Lanes: []string{"lane"}})
}

// An agent whose entry has ended counts for a while: it may be back as soon as
// servers have a leader again.
func TestRosterDoubts(t *testing.T) {
	changes := 0
	r := newRoster(func() { changes++ })
	now := time.Now()
	slots := func(want int) {
		t.Helper()
		r.review(now)
		if got := r.at("lane"); got != want {
			t.Fatalf("%d slots, want %d", got, want)
		}
	}
	expired, removed := nats.Header{expiredHeader: {ofAge}}, nats.Header{removedHeader: {"PURGE"}}
	r.begin(0)
	<-r.known
	r.note("a", nil, entryOf(1), now)
	r.note("b", nil, entryOf(2), now)
	slots(3)

	r.note("a", expired, nil, now)
	now = now.Add(names.EntryDoubt - 1)
	slots(3)
	r.note("a", nil, entryOf(1), now) // it was late
	now = now.Add(names.EntryDoubt)
	slots(3)

	r.note("a", expired, nil, now)
	changes = 0
	now = now.Add(names.EntryDoubt)
	slots(2)
	if changes != 1 {
		t.Errorf("it told %d times of an agent that is gone", changes)
	}

	r.note("c", nil, entryOf(4), now)
	slots(6)
	r.note("c", removed, nil, now) // it said so itself
	slots(2)

	r.note("d", nil, entryOf(8), now)
	r.begin(1) // a break, in which b may have ended
	r.note("d", nil, entryOf(8), now)
	r.complete(now)
	now = now.Add(missingTime - 1)
	slots(10)
	r.begin(1) // and another one
	r.note("d", nil, entryOf(8), now)
	r.complete(now)
	slots(10)
	now = now.Add(1)
	slots(8)
}

// A reader whose consumer is gone begins anew, and hears what happened meanwhile.
func TestRosterOutlivesItsConsumer(t *testing.T) {
	c := linked(t)
	write := func(id string, slots int) {
		t.Helper()
		if _, err := c.JS.Publish(t.Context(), c.Space.EntrySubject(id), entryOf(slots)); err != nil {
			t.Fatal(err)
		}
	}
	write("a", 1)
	write("c", 4)
	o, err := New(t.Context(), Config{Link: c})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if n := o.roster.at("lane"); n != 5 { // they were there before
		t.Errorf("%d slots at once", n)
	}
	registry, err := c.JS.Stream(t.Context(), c.Space.Entries())
	if err != nil {
		t.Fatal(err)
	}
	for name := range registry.ListConsumers(t.Context()).Info() {
		if err := registry.DeleteConsumer(t.Context(), name.Name); err != nil {
			t.Fatal(err)
		}
	}
	if err := registry.Purge(t.Context(), jetstream.WithPurgeSubject(c.Space.EntrySubject("a"))); err != nil { // nobody is told
		t.Fatal(err)
	}
	write("b", 2)
	for end := time.Now().Add(30 * time.Second); o.roster.at("lane") != 7; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d slots", o.roster.at("lane"))
		}
	}
	doubted := func(id string) bool {
		o.roster.mu.Lock()
		defer o.roster.mu.Unlock()
		a := o.roster.agents[id]
		return a == nil || !a.until.IsZero()
	}
	for end := time.Now().Add(30 * time.Second); !doubted("a"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("what ended meanwhile isn't doubted")
		}
	}
	if doubted("b") || doubted("c") {
		t.Error("what is there is doubted")
	}
}
