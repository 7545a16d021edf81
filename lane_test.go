package parfor_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"parfor.dev/parfor"
)

var laneInc = parfor.RegisterAs("lane_test.inc", inc)

var laneGate = make(chan struct{})

var laneWait = parfor.RegisterAs("lane_test.wait", func(ctx context.Context, n int) (int, error) {
	select {
	case <-laneGate:
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
})

var laneFlaky = parfor.RegisterAs("lane_test.flaky", func(_ context.Context, n int) (int, error) {
	if n < 0 {
		return 0, errors.New("negative")
	}
	return n, nil
})

// Like submissions share one job, which ends with the last of them.
func TestLaneIsShared(t *testing.T) {
	x := newFarm(2)
	var fs []*parfor.Future[int, int]
	for i := range 20 {
		fs = append(fs, parfor.Submit(bg, x, laneWait, i))
	}
	for range fs {
		laneGate <- struct{}{}
	}
	for i, f := range fs {
		if v, err := f.Result(bg); v != i || err != nil || f.Index() != i {
			t.Errorf("%d: %v, %v", i, v, err)
		}
	}
	if x.attached != 1 {
		t.Errorf("%d attachments", x.attached)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func TestLaneCancel(t *testing.T) {
	x := newFarm(1)
	var fs []*parfor.Future[int, int]
	for i := range 10 {
		fs = append(fs, parfor.Submit(bg, x, laneWait, i))
	}
	for fs[0].State() != parfor.Running {
		runtime.Gosched()
	}
	if fs[0].Cancel() {
		t.Error("a running task was cancelled")
	}
	for i, f := range fs[1:] { // claimed ones are revoked, the others withdrawn
		if f.State() != parfor.Pending || !f.Cancel() || !f.Cancel() || f.State() != parfor.Cancelled {
			t.Errorf("%d: %v", i+1, f.State())
		}
	}
	laneGate <- struct{}{}
	if v, err := fs[0].Result(bg); v != 0 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func TestLaneContext(t *testing.T) {
	x := newFarm(1)
	ctx, cancel := context.WithCancel(bg)
	var fs []parfor.Awaitable
	for i := range 10 {
		fs = append(fs, parfor.Submit(ctx, x, laneWait, i))
	}
	for fs[0].State() != parfor.Running {
		runtime.Gosched()
	}
	cancel()
	parfor.Wait(bg, parfor.AllCompleted, fs...)
	for i, f := range fs {
		want := parfor.Cancelled
		if i == 0 {
			want = parfor.Finished
		}
		if err := f.Err(); f.State() != want || !errors.Is(err, context.Canceled) {
			t.Errorf("%d: %v, %v", i, f.State(), err)
		}
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func TestLaneErrorsAndAttempts(t *testing.T) {
	x := newFarm(2)
	_, err := parfor.Submit(bg, x, laneFlaky, -1, parfor.Attempts(4)).Result(bg)
	var item *parfor.TaskError
	if !errors.As(err, &item) || item.Attempt != 4 || item.Index != 0 {
		t.Errorf("got %v", err)
	}
	own := func(_ context.Context, n int) (int, error) { return n, nil }
	if err := parfor.Submit(bg, x, own, 1).Err(); !errors.Is(err, parfor.ErrNotRegistered) {
		t.Errorf("got %v", err)
	}
	if err := parfor.Submit(bg, x, laneInc, 1, parfor.Abandon(), parfor.Timeout(1)).Err(); !errors.Is(err, parfor.ErrOption) {
		t.Errorf("got %v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if err := parfor.Submit(bg, x, laneInc, 1).Err(); !errors.Is(err, parfor.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Cancel and completion race on a lane too, and many contexts make many lanes.
func TestLaneRaces(t *testing.T) {
	x := newFarm(4)
	var all sync.WaitGroup
	for g := range 4 {
		ctx, cancel := context.WithCancel(bg)
		all.Go(func() {
			defer cancel()
			for i := range 1500 {
				f := parfor.Submit(ctx, x, laneInc, i)
				switch {
				case i%3 == 0:
					f.Cancel()
				case i == 1000 && g%2 == 0:
					cancel()
				}
				all.Go(func() {
					v, err := f.Result(bg)
					if err == nil && v != i+1 || err != nil && !errors.Is(err, parfor.ErrCanceled) && !errors.Is(err, context.Canceled) {
						t.Errorf("%d: %v, %v", i, v, err)
					}
				})
			}
		})
	}
	all.Wait()
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkSubmitRemote(b *testing.B) {
	x := newFarm(2)
	defer x.Close()
	b.ReportAllocs()
	fs := make([]*parfor.Future[int, int], 0, b.N)
	for b.Loop() {
		fs = append(fs, parfor.Submit(bg, x, laneInc, 1))
	}
	for _, f := range fs {
		f.Result(bg)
	}
}
