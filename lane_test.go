package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
)

// farm is a remote executor whose workers are goroutines. They claim up to
// four tasks and start them one by one, as worker processes do.
type farm struct {
	slots  int
	ledger engine.Ledger

	mu       sync.Mutex
	cond     *sync.Cond
	jobs     []*plot
	attached int // in all
	closed   bool
	workers  sync.WaitGroup
}

// plot is a job at a farm.
type plot struct {
	farm    *farm
	job     engine.Job
	claimed map[engine.Task]bool // true once the body has begun
}

func newFarm(slots int) *farm {
	f := &farm{slots: slots}
	f.cond = sync.NewCond(&f.mu)
	for w := range slots {
		f.workers.Go(func() { f.work(w) })
	}
	return f
}

func (f *farm) Seal(engine.Key) engine.Engine {
	e := engine.Engine{Kind: "farm", Remote: f, Ledger: &f.ledger}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		e.Err = parfor.ErrClosed
	}
	return e
}

func (f *farm) Close() error {
	err := f.ledger.Close()
	f.mu.Lock()
	f.closed = true
	f.cond.Broadcast()
	left := len(f.jobs)
	f.mu.Unlock()
	f.workers.Wait()
	if left > 0 {
		return fmt.Errorf("%d jobs are still attached", left)
	}
	return err
}

func (f *farm) Check(*engine.Spec) error { return nil }
func (f *farm) Slots() int               { return f.slots }

func (f *farm) Attach(j engine.Job) (engine.Handle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &plot{farm: f, job: j, claimed: map[engine.Task]bool{}}
	f.jobs = append(f.jobs, p)
	f.attached++
	f.cond.Broadcast()
	return p, nil
}

// claim blocks until there are tasks, or the farm is closed.
func (f *farm) claim() (*plot, []engine.Task) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var batch [4]engine.Task
	for !f.closed {
		for _, p := range f.jobs {
			if n, _ := p.job.Take(batch[:]); n > 0 {
				for _, t := range batch[:n] {
					p.claimed[t] = false
				}
				return p, slices.Clone(batch[:n])
			}
		}
		f.cond.Wait()
	}
	return nil, nil
}

func (f *farm) work(worker int) {
	for {
		p, batch := f.claim()
		if p == nil {
			return
		}
		for i, t := range batch {
			if i == 2 { // as if the worker had died: others get the rest
				p.giveBack(batch[i:])
				break
			}
			p.run(worker, t)
		}
	}
}

// begin reports whether the task is still to be run.
func (p *plot) begin(t engine.Task) bool {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	if _, ok := p.claimed[t]; !ok {
		return false
	}
	p.claimed[t] = true
	return true
}

func (p *plot) end(t engine.Task) {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	delete(p.claimed, t)
}

func (p *plot) giveBack(ts []engine.Task) {
	p.farm.mu.Lock()
	ts = slices.DeleteFunc(slices.Clone(ts), func(t engine.Task) bool {
		_, ok := p.claimed[t]
		delete(p.claimed, t)
		return !ok
	})
	p.farm.mu.Unlock()
	if len(ts) > 0 {
		p.job.Return(ts)
	}
}

func (p *plot) run(worker int, t engine.Task) {
	spec := p.job.Spec()
	if spec.Ctx.Err() != nil {
		p.giveBack([]engine.Task{t})
		return
	}
	if !p.begin(t) {
		return
	}
	o := engine.Outcome{Worker: worker}
	in, err := p.job.AppendItem(nil, t)
	if o.Err = err; err == nil {
		finished := make(chan struct{})
		go func() { // a body may end its goroutine
			defer close(finished)
			o.Err = parfor.ErrGoexit
			defer func() {
				if v := recover(); v != nil {
					o.Err = &parfor.PanicError{Value: fmt.Sprint(v), Stack: []byte("stack")}
				}
			}()
			o.Out, o.Err = spec.Body.Run(spec.Ctx, in, nil)
		}()
		<-finished
	}
	p.end(t)
	p.job.Finish(t, &o)
}

func (p *plot) Wake() {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	p.farm.cond.Broadcast()
}

func (p *plot) Revoke(t engine.Task) bool {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	begun, ok := p.claimed[t]
	if !ok || begun {
		return false
	}
	delete(p.claimed, t)
	return true
}

func (p *plot) Running(t engine.Task) bool {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	return p.claimed[t]
}

func (p *plot) Detach() {
	p.farm.mu.Lock()
	defer p.farm.mu.Unlock()
	if len(p.claimed) > 0 {
		panic("detached with tasks claimed")
	}
	p.farm.jobs = slices.DeleteFunc(p.farm.jobs, func(q *plot) bool { return q == p })
}

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
