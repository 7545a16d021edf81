package owner

import (
	"errors"
	"testing"
	"time"

	"parfor.dev/parfor/cluster/internal/names"
)

// A record whose answer was lost is sent again, and refused, for it is there:
// that is as good as an answer. One of somebody else is not.
func TestRecordSentTwice(t *testing.T) {
	c := linked(t)
	o, err := New(t.Context(), Config{Link: c})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	record := func(run uint64, id string) (seq uint64, broken error) {
		l := &loop{owner: o, id: names.Loop{Program: o.id, Run: run}, mailbox: newMailbox(), die: func(error) {}}
		l.record(message(c.Space.Log(l.id), nil, idHeader, id, expectHeader, "0"), func(n uint64) { seq = n })
		for end := time.After(10 * time.Second); l.log.busy; {
			select {
			case <-l.wake:
				for _, f := range l.take() {
					f()
				}
			case <-end:
				t.Fatal("no answer")
			}
		}
		return seq, l.broken
	}
	first, err := record(1, "mine")
	if first == 0 || err != nil {
		t.Fatal(first, err)
	}
	if seq, err := record(1, "mine"); seq != first || err != nil {
		t.Errorf("the same again: %d, %v", seq, err)
	}
	if seq, err := record(1, "another"); seq != 0 || !errors.Is(err, ErrOwned) {
		t.Errorf("another: %d, %v", seq, err)
	}
}
