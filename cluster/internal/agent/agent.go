package agent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/clusterwatch"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/registry"
)

// Config is how an agent works.
type Config struct {
	Link       *link.Link
	Program    names.Program
	Local      engine.Remote // runs the tasks
	Redeliver  time.Duration // after which silence of an agent others get its chunks
	Deliveries int           // how many agents may die of an item
	Grace      time.Duration // for tasks that run when the agent is to end
	Store      names.Store
	Only       []string // the functions that it runs; none: all of the program
}

// Agent runs tasks until it is ended.
type Agent struct {
	Config
	id        string
	slots     int
	credit    *credit
	watch     *clusterwatch.Agent
	loops     jetstream.Stream
	orders    *nats.Subscription
	asks      asks
	ctx       context.Context // ends when no more chunks are to be taken
	cancel    context.CancelCauseFunc
	running   sync.WaitGroup // lanes, heartbeats, loops
	quit      chan struct{}  // ends heartbeats
	transfers chan struct{}  // has an element for each that runs

	mu       sync.Mutex
	works    map[names.Loop]*work
	over     map[names.Loop]time.Time // loops that are over or cancelled: nothing of them begins here any more
	held     map[*held]struct{}
	unread   map[names.Loop]bool // loops whose chunks are of a format that nobody here knows
	suspect  *held               // see suspect.go
	empty    chan struct{}       // closed when nothing is held; made by who waits for it
	deserted bool                // what still runs is given up
	serial   uint64              // of parts
}

// Start begins to take chunks. It blocks until every lane is there.
func Start(ctx context.Context, c Config) (*Agent, error) {
	a := newAgent(c)
	a.watch.Slots.Add(int64(a.slots)) // before others see that it is there
	if err := a.begin(ctx); err != nil {
		a.watch.Slots.Add(-int64(a.slots))
		a.cancel(nil)
		close(a.quit)
		a.running.Wait()
		return nil, fmt.Errorf("parfor: the agent: %w", err)
	}
	return a, nil
}

func newAgent(c Config) *Agent {
	a := &Agent{Config: c, id: strconv.FormatUint(rand.Uint64()|1, 36), slots: c.Local.Slots(), quit: make(chan struct{}), transfers: make(chan struct{}, transfers),
		works: map[names.Loop]*work{}, over: map[names.Loop]time.Time{}, held: map[*held]struct{}{}, unread: map[names.Loop]bool{}}
	a.credit = newCredit(a.slots)
	a.watch = clusterwatch.AgentIn(string(c.Link.Space))
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	return a
}

func (a *Agent) begin(ctx context.Context) (err error) {
	l := a.Link
	err = names.Persist(ctx, func(ctx context.Context) (err error) {
		a.loops, err = l.JS.Stream(ctx, l.Space.Loops())
		return err
	})
	if err != nil {
		return err
	}
	if a.orders, err = l.NC.Subscribe(l.Space.Orders(), a.order); err != nil {
		return err
	}
	if err := a.asks.begin(l.NC); err != nil {
		return err
	}
	lanes, err := a.lanes(ctx)
	if err != nil {
		return err
	}
	// Owners count on an agent that is in the registry: it hears them from here on.
	if err := l.NC.FlushTimeout(specTime); err != nil {
		return err
	}
	if err := a.register(ctx, lanes); err != nil {
		return err
	}
	for _, n := range lanes {
		a.running.Go(n.run)
	}
	a.running.Go(a.beat)
	return nil
}

// lanesAtOnce is how many lanes an agent makes at once. On several servers each is
// something that they agree on, and one that has to find a leader takes seconds.
const lanesAtOnce = 16

// lanes makes those of all functions that the agent runs.
func (a *Agent) lanes(ctx context.Context) ([]*lane, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var bodies []*registry.Body
	for _, b := range registry.All() {
		if a.Program.Shares(b.Name) && (len(a.Only) == 0 || slices.Contains(a.Only, b.Name)) {
			bodies = append(bodies, b)
		}
	}
	all := make([]*lane, len(bodies))
	var group sync.WaitGroup
	room := make(chan struct{}, lanesAtOnce)
	for i, b := range bodies {
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			l, err := newLane(ctx, a, b)
			if err != nil {
				cancel(err) // the first one stays
			}
			all[i] = l
		})
	}
	group.Wait()
	return all, context.Cause(ctx)
}

// Failed is closed when the agent can't go on; Err says why.
func (a *Agent) Failed() <-chan struct{} { return a.ctx.Done() }

// Err is why the agent ended by itself.
func (a *Agent) Err() error { return context.Cause(a.ctx) }

// Fail ends the agent: it can't work.
func (a *Agent) Fail(err error) { a.cancel(err) }

// End takes no more chunks, gives back what has not begun, and waits for what
// runs, for the grace; then that is given up, and others run it again. The
// executor must be ended by the caller after that, for it may still be busy.
func (a *Agent) End() {
	defer a.watch.Slots.Add(-int64(a.slots))
	a.cancel(context.Canceled)
	a.mu.Lock()
	works := a.all()
	a.mu.Unlock()
	for _, w := range works {
		w.handBack(func(*held) bool { return true })
	}
	a.await(a.Grace)
	a.desert()
	a.orders.Unsubscribe() // the connection may be gone: then so is this
	close(a.quit)
	a.running.Wait()
	a.asks.end()
}

// await waits until nothing is held, for a while.
func (a *Agent) await(limit time.Duration) {
	a.mu.Lock()
	if len(a.held) == 0 {
		a.mu.Unlock()
		return
	}
	a.empty = make(chan struct{})
	empty := a.empty
	a.mu.Unlock()
	end := time.NewTimer(limit)
	defer end.Stop()
	select {
	case <-empty:
	case <-end.C:
	}
}

// desert gives up what is still held: others get it at once.
func (a *Agent) desert() {
	a.mu.Lock()
	a.deserted = true
	for h := range a.held {
		h.message().Nak()
	}
	works := a.all()
	a.mu.Unlock()
	a.Link.NC.FlushTimeout(time.Second) // what isn't said is what the others find out by themselves
	for _, w := range works {
		w.end(errDeserted, false)
	}
}

// spawn runs f on a goroutine that End waits for; when all is given up nothing
// begins any more.
func (a *Agent) spawn(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.deserted {
		a.running.Go(f)
	}
}

// all are the loops; the lock is held.
func (a *Agent) all() []*work {
	all := make([]*work, 0, len(a.works))
	for _, w := range a.works {
		all = append(all, w)
	}
	return all
}

// Busy reports, after End, whether the executor still runs items that were given
// up.
func (a *Agent) Busy() bool {
	a.mu.Lock()
	works := a.all()
	a.mu.Unlock()
	return len(works) > 0
}
