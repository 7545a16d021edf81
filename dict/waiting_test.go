package dict_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

func queueOf(t testing.TB, capacity int, values ...int) *dict.Queue[int] {
	t.Helper()
	q, err := dict.MakeQueue[int](bg, capacity)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := q.Put(bg, v); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

func takes(t testing.TB, ctx context.Context, q *dict.Queue[int], want ...int) {
	t.Helper()
	for _, w := range want {
		if v, ok, err := q.TryTake(ctx); v != w || !ok || err != nil {
			t.Fatalf("TryTake = %d, %v, %v; want %d", v, ok, err, w)
		}
	}
}

// TestQueueOrderAfterFailures: values that come back are where they were.
func TestQueueOrderAfterFailures(t *testing.T) {
	q := queueOf(t, 6, 1, 2, 3, 4, 5, 6)
	a, b, c := attempt(nil), attempt(nil), attempt(nil)
	takes(t, a, q, 1)
	takes(t, b, q, 2)
	takes(t, a, q, 3)
	takes(t, c, q, 4)
	if err := q.Put(b, 20); err != nil {
		t.Fatal(err)
	}
	finish(t, c, true)
	finish(t, b, false)
	finish(t, a, false)
	takes(t, bg, q, 1, 2, 3, 5, 6)
	if _, ok, err := q.TryTake(bg); ok || err != nil {
		t.Errorf("TryTake of an empty queue: %v, %v", ok, err)
	}
}

func TestQueueInnerTasks(t *testing.T) {
	q := queueOf(t, 4, 1, 2)
	outer := attempt(nil)
	bad, good := attempt(outer), attempt(outer)
	takes(t, bad, q, 1)
	q.Put(bad, 10)
	finish(t, bad, false)
	takes(t, good, q, 1)
	q.Put(good, 11)
	finish(t, good, true)
	if n, _ := q.Len(bg); n != 1 {
		t.Errorf("%d values before the outer task is done", n)
	}
	finish(t, outer, true)
	takes(t, bg, q, 2, 11)
}

// TestQueueCloses: it is drained once nothing can come back.
func TestQueueCloses(t *testing.T) {
	q := queueOf(t, 4, 1)
	taker, putter, closer := attempt(nil), attempt(nil), attempt(nil)
	takes(t, taker, q, 1)
	q.Put(putter, 2)
	q.Close(closer)
	if err := q.Put(closer, 3); !errors.Is(err, dict.ErrQueueClosed) {
		t.Errorf("Put after its own Close: %v", err)
	}
	finish(t, closer, true)
	if ok, err := q.TryPut(bg, 9); !errors.Is(err, dict.ErrQueueClosed) {
		t.Errorf("TryPut = %v, %v", ok, err)
	}
	if _, ok, err := q.TryTake(bg); ok || err != nil {
		t.Errorf("a value may come back, and one is to come: %v, %v", ok, err)
	}
	finish(t, putter, true)
	finish(t, taker, false)
	takes(t, bg, q, 1, 2)
	if _, _, err := q.TryTake(bg); !errors.Is(err, dict.ErrQueueClosed) {
		t.Errorf("drained: %v", err)
	}
}

// inWorker makes the context of a task in a worker process.
func inWorker(life uint64) *task.Ctx {
	c := attempt(nil)
	c.Token = task.ClaimantOf(1<<21+life, 1)
	return c
}

// TestKilledWorker: what its task had goes to those who wait, in order.
func TestKilledWorker(t *testing.T) {
	q := queueOf(t, 1, 7)
	l, err := dict.MakeLease(bg)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []interface{ MarshalBinary() ([]byte, error) }{q, l} {
		if _, err := h.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
	}
	w, same := inWorker(1), inWorker(2)
	asWorker(t, func() {
		if v, err := q.Take(w); v != 7 || err != nil {
			t.Errorf("Take = %d, %v", v, err)
		}
		if err := q.Put(w, 8); err != nil {
			t.Error(err)
		}
		if fence, err := l.Acquire(w); fence != 1 || err != nil {
			t.Errorf("Acquire = %d, %v", fence, err)
		}
		if _, ok, err := l.TryAcquire(same); ok || err != nil {
			t.Errorf("another task: %v, %v", ok, err)
		}
		if n, err := q.Len(w); n != 0 || err != nil {
			t.Errorf("Len = %d, %v", n, err)
		}
	})
	if ok, err := q.TryPut(bg, 9); ok || err != nil {
		t.Errorf("the place is reserved: %v, %v", ok, err)
	}
	writeset.EndLife(task.LifeOf(w.Token))
	writeset.EndClaims(w.Token)
	takes(t, bg, q, 7)
	if ok, err := q.TryPut(bg, 9); !ok || err != nil {
		t.Errorf("the place is free: %v, %v", ok, err)
	}
	asWorker(t, func() {
		if _, err := l.Acquire(inWorker(1)); err == nil {
			t.Error("a dead task has the lease")
		}
		if fence, err := l.Acquire(same); fence != 2 || err != nil {
			t.Errorf("Acquire = %d, %v", fence, err)
		}
		if left, err := l.Abandoned(same); !left || err != nil {
			t.Errorf("Abandoned = %v, %v", left, err)
		}
	})
	b, err := same.Seal().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := task.CommitEncoded(b, task.Ticket{Claims: w.Token}); err == nil {
		t.Error("another task committed the lease")
	}
	if _, err := task.CommitEncoded(b, task.Ticket{Claims: same.Token}); err != nil {
		t.Error(err)
	}
	if n := task.ClaimsOpen.Load(); n != 0 {
		t.Errorf("%d things are held by nobody", n)
	}
}

func TestLeaseInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := dict.MakeLease(t.Context())
		_, unlock, err := l.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 5)
		for i := range 5 {
			go func() {
				fence, unlock, err := l.Lock(t.Context())
				if err != nil || fence != uint64(i)+2 {
					t.Errorf("Lock %d = %d, %v", i, fence, err)
				}
				order <- i
				unlock()
			}()
			synctest.Wait()
		}
		unlock()
		for i := range 5 {
			if got := <-order; got != i {
				t.Errorf("%d came before %d", got, i)
			}
		}
	})
}

// TestDeadlineIsNoDeadlock: a wait that a clock ends is none, and the others may
// be woken by that.
func TestDeadlineIsNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := dict.MakeQueue[int](t.Context(), 1)
		got, err := parfor.Map(t.Context(), parfor.Range(2), func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return q.Take(ctx)
			}
			short, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			if _, err := q.Take(short); !errors.Is(err, context.DeadlineExceeded) {
				return 0, err
			}
			return n, q.Put(ctx, 5)
		}, parfor.Chunk(1))
		if err != nil || !slices.Equal(got, []int{5, 1}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestWorkIsNoDeadlock: as long as one task does anything but wait, whatever it
// does, the others wait.
func TestWorkIsNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := dict.MakeQueue[int](t.Context(), 1)
		for _, work := range []func(context.Context) error{
			func(ctx context.Context) error { time.Sleep(time.Hour); return q.Put(ctx, 1) },
			func(ctx context.Context) error { // on a goroutine of its own, beside one that waits
				go func() { _, _ = q.Take(ctx) }()
				time.Sleep(time.Hour)
				return q.Put(ctx, 1)
			},
			func(ctx context.Context) error { // in a loop of its own
				return parfor.Each(ctx, []int{0}, func(ctx context.Context, _ int) error {
					time.Sleep(time.Hour)
					return q.Put(ctx, 1)
				})
			},
		} {
			err := parfor.Each(t.Context(), parfor.Range(2), func(ctx context.Context, n int) error {
				if n == 0 {
					_, err := q.Take(ctx)
					return err
				}
				return work(ctx)
			}, parfor.Chunk(1))
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// TestSourceIsNoDeadlock: a stream whose source still runs may bring the task
// that all wait for.
func TestSourceIsNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := dict.MakeQueue[int](t.Context(), 1)
		source := func(yield func(int) bool) {
			if yield(0) {
				time.Sleep(time.Hour)
				yield(1)
			}
		}
		for _, err := range parfor.Stream(t.Context(), source, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return q.Take(ctx)
			}
			return n, q.Put(ctx, n)
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		for _, err := range parfor.Stream(t.Context(), slices.Values([]int{0}), func(ctx context.Context, _ int) (int, error) {
			return q.Take(ctx)
		}) {
			if !errors.Is(err, dict.ErrDeadlock) {
				t.Errorf("a stream that is stuck: %v", err)
			}
		}
	})
}
