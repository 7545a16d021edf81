//go:build unix

package process_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// A client that leaves costs the pool no worker if its bodies obey: the same
// processes go on, and nothing that waited is run.
func TestClientLeavesAndWorkersStay(t *testing.T) {
	for _, k := range []int{1, 4} {
		p := pool(t, 2, process.ItemsPerWorker(k))
		before := workers(t, p, 2)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			l := newLobby(t)
			over := l.loopOf(ctx, p, l.guests(6*k), parfor.Chunk(2), parfor.Grace(time.Hour))
			l.expect(2 * k)
			cancel()
			if _, err := over(); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			if here := l.here(); len(here) > 0 {
				t.Errorf("after the loop %v still run", here)
			}
		}
		if out, err := parfor.Map(within(t), upTo(500), double, parfor.On(p)); err != nil || out[499] != 998 {
			t.Error(err)
		}
		if after := workers(t, p, 2); !slices.Equal(before, after) {
			t.Errorf("%d at once: workers %v became %v", k, before, after)
		}
	}
}

// The same for who submits, and for who breaks out of a stream.
func TestSubmitterLeavesAndWorkersStay(t *testing.T) {
	p := pool(t, 2)
	before := workers(t, p, 2)
	ctx, cancel := context.WithCancel(t.Context())
	l := newLobby(t)
	var fs []*parfor.Future[guest, int]
	for _, g := range l.guests(8) {
		fs = append(fs, parfor.Submit(ctx, p, wait, g, parfor.Grace(time.Hour)))
	}
	l.expect(2)
	cancel()
	for i, f := range fs {
		if _, err := f.Result(within(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("submission %d: %v", i, err)
		}
	}
	s := newLobby(t)
	s.let(0)
	for r, err := range parfor.Stream(t.Context(), slices.Values(s.guests(8)), wait, parfor.On(p), parfor.Grace(time.Hour)) {
		if r.Index != 0 || err != nil {
			t.Errorf("item %d: %v", r.Index, err)
		}
		break
	}
	pidOf(t, p)
	if after := workers(t, p, 2); !slices.Equal(before, after) {
		t.Errorf("workers %v became %v", before, after)
	}
}

// A body that doesn't listen keeps its worker if it ends within the grace.
func TestBodyThatEndsWithinTheGraceKeepsItsWorker(t *testing.T) {
	p := pool(t, 2)
	before := workers(t, p, 2)
	ctx, cancel := context.WithCancel(t.Context())
	l := newLobby(t)
	over := l.loopOf(ctx, p, deaf(l.guests(4)), parfor.Grace(time.Hour))
	l.expect(2)
	cancel()
	if out, err := parfor.Map(within(t), []int{}, double, parfor.On(p)); err != nil || len(out) > 0 {
		t.Error(err)
	}
	l.letAll()
	if _, err := over(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := len(l.here()); n > 0 {
		t.Errorf("%d still run", n)
	}
	if after := workers(t, p, 2); !slices.Equal(before, after) {
		t.Errorf("workers %v became %v", before, after)
	}
}

// One that goes on after the grace is killed, not sooner, and nobody else.
func TestDeafBodyIsKilledAfterTheGrace(t *testing.T) {
	p := pool(t, 2, process.Stderr(discard{}))
	before := workers(t, p, 2)
	mine, theirs := newLobby(t), newLobby(t)
	ctx, cancel := context.WithCancel(t.Context())
	const grace = 150 * time.Millisecond
	over := mine.loopOf(ctx, p, deaf(mine.guests(1)), parfor.Grace(grace))
	victim := mine.expect(1)[0]
	other := theirs.loop(p, theirs.guests(1))
	survivor := theirs.expect(1)[0]
	began := time.Now()
	cancel()
	if _, err := over(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took < grace {
		t.Errorf("killed after %v, the grace is %v", took, grace)
	}
	theirs.letAll()
	if pids, err := other(); err != nil || pids[0] != survivor {
		t.Errorf("another client's task: %v, %v", pids, err)
	}
	after := workers(t, p, 2)
	if slices.Contains(after, victim) || !slices.Contains(after, survivor) {
		t.Errorf("workers %v became %v, only %d was to go", before, after, victim)
	}
}
