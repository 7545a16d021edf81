package owner

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/errwire"
)

// Named runs a loop that has a name, and that another program goes on with when
// this one ends before the loop does.
type Named struct {
	*Owner
	id   names.Loop
	only bool // not to be begun
}

var _ engine.Remote = (*Named)(nil)

// Named is where the loop of a name runs. With only it must have begun before.
func (o *Owner) Named(name string, only bool) (*Named, error) {
	id, err := names.Named(name, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", parfor.ErrOption, err)
	}
	return &Named{Owner: o, id: id, only: only}, nil
}

// Check reports whether the loop can run on the cluster, under this name.
func (n *Named) Check(s *engine.Spec) error {
	if len(s.Journal) > 0 {
		return fmt.Errorf("%w: a loop with a name on a cluster goes on by itself, and needs no Journal", parfor.ErrOption)
	}
	return n.Owner.Check(s)
}

// Attach takes the loop over, or begins it, and offers the job's tasks to the
// agents. It blocks until the loop is this program's.
func (n *Named) Attach(j engine.Job) (engine.Handle, error) {
	if err := keepable(j); err != nil {
		return nil, err
	}
	o := n.Owner
	ctx, err := o.reserve(j.Spec().Ctx, n.id.Program)
	if err != nil {
		return nil, err
	}
	defer o.running.Done()
	l, err := n.take(ctx, j)
	if err != nil {
		o.vacate(n.id.Program)
		return nil, err
	}
	if err := o.launch(l); err != nil {
		l.forgo()
		o.vacate(n.id.Program)
		return nil, err
	}
	return l, nil
}

// keepable refuses what is no loop over items that the next program has, too.
func keepable(j engine.Job) error {
	if _, grows := j.(interface{ Grows() }); grows {
		return fmt.Errorf("%w: a Group has no name on a cluster: the tasks that its tasks add are nowhere else", parfor.ErrOption)
	}
	if _, knows := j.(interface{ Total() int }); !knows {
		return fmt.Errorf("%w: Submit has no name on a cluster: Executor.Loop is for loops", parfor.ErrOption)
	}
	return nil
}

// forgo sets free a loop that can't begin here.
func (l *loop) forgo() {
	l.die(nil)
	l.records.close()
	l.kept.lease.end()
	l.kept.free(l.owner)
}

// seat is where this program runs the loop of a name.
type seat struct {
	cancel context.CancelCauseFunc
	ending bool          // the loop is over, and is being tidied up
	gone   chan struct{} // closed when it is
}

// reserve has this program run the loop of a name, one at a time. Close waits
// from here on. The context is for what it takes to begin.
func (o *Owner) reserve(ctx context.Context, name string) (context.Context, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		p := o.named[name]
		switch {
		case o.shut:
			return nil, parfor.ErrClosed
		case p == nil:
			p := &seat{gone: make(chan struct{})}
			ctx, p.cancel = context.WithCancelCause(ctx)
			o.named[name] = p
			o.running.Add(1)
			return ctx, nil
		case !p.ending:
			return nil, fmt.Errorf("%w: this program runs %s already", ErrOwned, name[1:])
		}
		o.mu.Unlock()
		<-p.gone
		o.mu.Lock()
	}
}

// vacate lets this program run a loop of that name again.
func (o *Owner) vacate(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.named[name].cancel(nil)
	close(o.named[name].gone)
	delete(o.named, name)
}

// ends says that the loop of a name is over here.
func (o *Owner) ends(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.named[name].ending = true
}

// take makes a loop of this owner's, with what earlier ones have left.
func (n *Named) take(ctx context.Context, j engine.Job) (*loop, error) {
	o, s := n.Owner, j.Spec()
	id := names.Loop{Program: n.id.Program, Run: rand.Uint64()>>1 | 1}
	var before uint64
	lease, err := o.acquire(ctx, o.Link.Space.Lease(id.Program), func(last *wire.Lease) (wire.Lease, error) {
		next := o.newLease(o.KeepNamed)
		next.Run, next.Origin, next.Print = id.Run, id.Run, print(s)
		if last == nil {
			if n.only {
				return next, fmt.Errorf("%w: %s", ErrNoLoop, id.Program[1:])
			}
			return next, nil
		}
		before = last.Run
		next.Origin, next.Sealed, next.Items = last.Origin, last.Sealed, last.Items
		if last.Print != next.Print {
			return next, fmt.Errorf("%w: it runs %s, and this is %s", ErrMismatch, last.Print, next.Print)
		}
		return next, sameLength(last, total(j))
	})
	if err != nil {
		return nil, err
	}
	l := newLoop(o, j, id)
	l.log.subject = o.Link.Space.Log(id.Shared())
	l.kept = &kept{lease: lease, items: map[int]uint64{}, away: map[int]blob.Ref{}, results: map[int][]byte{}, seed: maphash.MakeSeed()}
	lease.start(func(err error) { l.put(func() { l.fail(err) }) })
	if before != 0 {
		o.end(names.Loop{Program: id.Program, Run: before})
	}
	err = l.recover(ctx)
	if err == nil {
		l.kept.feed, err = o.listen(ctx, o.Link.Space.ResultsOf(l.id))
	}
	if err != nil {
		l.forgo()
		return nil, err
	}
	return l, nil
}

// end has agents end what they run for a program that is gone: its items run
// again.
func (o *Owner) end(id names.Loop) {
	(&loop{owner: o, id: id}).order(&wire.Order{Action: wire.Cancel, Cause: errwire.Append(nil, ErrOwned)})
}

// print tells a loop from others that may have its name.
func print(s *engine.Spec) string {
	return fmt.Sprintf("%s, of %s to %s", s.Body.Name, s.Body.In, s.Body.Out)
}

func total(j engine.Job) int {
	if t, ok := j.(interface{ Total() int }); ok {
		return t.Total()
	}
	return -1
}

// sameLength refuses a loop over more or fewer items than it had.
func sameLength(l *wire.Lease, n int) error {
	if l.Sealed && n >= 0 && uint64(n) != l.Items {
		return fmt.Errorf("%w: it is over %d items, and this over %d", ErrMismatch, l.Items, n)
	}
	return nil
}

// Items are the items of a loop with a name, encoded, if all of them are in the
// cluster.
func (o *Owner) Items(ctx context.Context, name string) ([][]byte, error) {
	id, err := names.Named(name, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", parfor.ErrOption, err)
	}
	_, lease, err := o.leaseAt(ctx, o.Link.Space.Lease(id.Program))
	switch {
	case err != nil:
		return nil, err
	case lease == nil:
		return nil, fmt.Errorf("%w: %s", ErrNoLoop, name)
	case !lease.Sealed:
		return nil, fmt.Errorf("%w: %s", ErrUnsealed, name)
	case lease.Items == 0:
		return nil, nil
	}
	items := make([][]byte, lease.Items)
	large := map[int]blob.Ref{}
	left := len(items)
	err = o.read(ctx, o.loops, o.Link.Space.ItemsOf(id), func(m jetstream.Msg, _ uint64) bool {
		page, err := wire.DecodePage(m.Data())
		if err != nil {
			return true
		}
		for _, k := range page {
			if k.Index < len(items) && items[k.Index] == nil {
				items[k.Index] = append(make([]byte, 0, len(k.Bytes)), k.Bytes...)
				left--
				if ref, err := blob.Parse(k.Bytes); k.Away && err == nil {
					large[k.Index] = ref
				}
			}
		}
		return left > 0
	})
	for i, ref := range large {
		if err == nil {
			items[i], err = blob.Get(ctx, o.Link, id, ref)
		}
	}
	return items, err
}
