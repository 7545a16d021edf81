package dict_test

import (
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	fuzzQueue   = dict.NewQueue[string]("fuzz queue", 3)
	fuzzLease   = dict.NewLease("fuzz lease")
	fuzzBarrier = dict.NewBarrier("fuzz barrier", 3)
)

// someone is a claimant in a worker process.
var someone = task.ClaimantOf(1<<20, 1)

// FuzzWaitingQuestion gives arbitrary questions of a worker that never waits to
// the owner. What its task had is free afterwards.
func FuzzWaitingQuestion(f *testing.F) {
	for which := range byte(3) {
		for q := range byte(6) {
			f.Add(which, q, []byte{1, 0, 0})
			f.Add(which, q, []byte{2, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0})
		}
	}
	f.Fuzz(func(t *testing.T, which, question byte, rest []byte) {
		st := []writeset.Store{fuzzQueue.Store(), fuzzLease.Store(), fuzzBarrier.Store()}[which%3]
		b := append(id(st), question)
		for i := range 8 {
			b = append(b, byte(someone>>(8*i)))
		}
		if question == 1 { // program, run, sure, ticket; what, patient
			b = append(b, make([]byte, 8+8+1+8)...)
			if len(rest) > 1 {
				rest[1] = 0
			}
		}
		if _, err := call.Serve(1, append(b, rest...)); err != nil {
			t.Fatalf("an error instead of an answer: %v", err)
		}
		writeset.EndClaims(someone)
		if n := task.ClaimsOpen.Load(); n != 0 {
			t.Fatalf("%d things are held by nobody", n)
		}
		fuzzBarrier.Reset(bg)
	})
}

// FuzzWaitingSet gives arbitrary parts of a queue and a lease to the owner. A
// task that has nothing commits nothing but a Close.
func FuzzWaitingSet(f *testing.F) {
	c := attempt(nil)
	fuzzQueue.Put(c, "value")
	fuzzLease.Acquire(c)
	b, err := c.Seal().Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	defer writeset.Fresh()()
	f.Add(b)
	for i := range b {
		f.Add(b[:i])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := writeset.CommitEncoded(b, task.Ticket{Claims: someone}); err != nil && n != 0 {
			t.Fatalf("a refused set was committed: %v", err)
		}
		if n, err := fuzzQueue.Len(bg); n != 0 || err != nil {
			t.Fatalf("%d values came from nowhere, %v", n, err)
		}
	})
}
