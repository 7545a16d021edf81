package owner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/clusterwatch"
	"parfor.dev/parfor/internal/registry"
)

// Errors of loops on a cluster.
var (
	// ErrNoWorker means that no agent runs the function, and none came in time.
	ErrNoWorker = errors.New("parfor: no agent of the cluster runs this function")
	// ErrOwned means that another program took the loop over.
	ErrOwned = errors.New("parfor: another program owns this loop now")
	// ErrPoison means that every agent that began an item died of it.
	ErrPoison = errors.New("parfor: agents died of the item")
	// ErrLost means that the cluster no longer has what it was given.
	ErrLost = errors.New("parfor: the cluster lost the loop")
	// ErrMismatch means that a loop with this name is another one.
	ErrMismatch = errors.New("parfor: the cluster has another loop of this name")
	// ErrNoLoop means that there is none with this name.
	ErrNoLoop = errors.New("parfor: the cluster has no loop of this name: it ended with all its results, was abandoned for too long, or never began")
	// ErrUnsealed means that only the program knows all items of a loop.
	ErrUnsealed = errors.New("parfor: the loop's program ended before all items were in the cluster: run it again, on the same items")
)

// Config is how an owner works.
type Config struct {
	Link    *link.Link
	Program names.Program
	Store   names.Store
	Wait    time.Duration // for the first agent; 0 means for ever
	Life    time.Duration // of a lease that is not written anew

	Keep, KeepNamed time.Duration // how long loops are kept that nobody owns
}

// Owner has the loops that this program runs on a cluster.
type Owner struct {
	Config
	id        string // of this owner: the first token of its loops
	number    uint64
	lanes     map[string]bool
	tasks     jetstream.Stream
	results   jetstream.Stream
	loops     jetstream.Stream
	streams   streams // of the goroutine that looks around
	roster    *roster
	watch     *clusterwatch.Owner
	feed      *feed
	asks      *nats.Subscription
	vain      *nats.Subscription
	replies   replies
	ctx       context.Context // of requests
	cancel    context.CancelFunc
	rest      context.CancelFunc // of the janitor
	costs     costs
	places    places
	running   sync.WaitGroup // goroutines of loops, and what they started
	transfers chan struct{}  // has an element for each that runs
	takenRoom int64          // how many bytes of results a loop leaves in their stream that it has taken

	mu    sync.Mutex
	next  uint64
	open  map[names.Loop]*loop
	named map[string]*seat
	leave context.CancelFunc // ends the lease; nil before it began
	shut  bool
	idle  sync.Cond
	flaws []error
}

// New starts an owner. It blocks until it knows the agents.
func New(ctx context.Context, c Config) (*Owner, error) {
	n := rand.Uint64() | 1
	o := &Owner{Config: c, number: n, id: strconv.FormatUint(n, 36), lanes: map[string]bool{}, open: map[names.Loop]*loop{}, named: map[string]*seat{}, transfers: make(chan struct{}, transfers)}
	o.idle.L = &o.mu
	o.watch = clusterwatch.OwnerIn(string(c.Link.Space))
	for _, b := range registry.All() {
		o.lanes[c.Program.Lane(b.Name)] = true
	}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	if err := o.begin(ctx); err != nil {
		o.cancel()
		return nil, fmt.Errorf("parfor: the cluster: %w", err)
	}
	owners.Store(o.number, o)
	return o, nil
}

// openStreams finds the streams, and remembers which they are.
func (o *Owner) openStreams(ctx context.Context) (registry jetstream.Stream, err error) {
	l := o.Link
	for _, s := range []struct {
		to   *jetstream.Stream
		name string
	}{{&o.tasks, l.Space.Tasks()}, {&o.results, l.Space.Results()}, {&o.loops, l.Space.Loops()}, {&registry, l.Space.Entries()}} {
		err := names.Persist(ctx, func(ctx context.Context) (err error) {
			*s.to, err = l.JS.Stream(ctx, s.name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	o.takenRoom = math.MaxInt64
	if most := o.results.CachedInfo().Config.MaxBytes; most > 0 {
		o.takenRoom = most / takenPart
	}
	o.streams.note(o.tasks, o.results, o.loops)
	return registry, nil
}

func (o *Owner) begin(ctx context.Context) (err error) {
	l := o.Link
	o.streams.connection = l.NC.Stats().Reconnects
	registry, err := o.openStreams(ctx)
	if err != nil {
		return err
	}
	if o.roster, err = o.openRoster(ctx, registry, o.rosterChanged); err != nil {
		return err
	}
	if o.asks, err = l.NC.Subscribe(l.Space.Questions(o.id), o.asked); err != nil {
		o.roster.close()
		return err
	}
	if o.vain, err = l.NC.Subscribe(l.Space.UsedUp(), o.usedUp); err != nil {
		o.asks.Unsubscribe()
		o.roster.close()
		return err
	}
	// One consumer for all loops: one of their own would cost each a millisecond.
	if o.feed, err = o.listen(ctx, l.Space.ResultsFor(o.id)); err != nil {
		o.vain.Unsubscribe()
		o.asks.Unsubscribe()
		o.roster.close()
		return err
	}
	ctx, o.rest = context.WithCancel(o.ctx)
	o.running.Go(func() { o.janitor(ctx) })
	o.running.Go(func() { o.look(ctx) })
	return nil
}

// rosterChanged has every loop look at how much it may send.
func (o *Owner) rosterChanged() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.open {
		l.signal()
	}
}

// result gives a message of the results stream to its loop.
func (o *Owner) result(m jetstream.Msg, seq uint64) (more bool) {
	id, ok := o.Link.Space.ResultAt(m.Subject())
	if !ok {
		return true
	}
	o.mu.Lock()
	l := o.open[id]
	o.mu.Unlock()
	if l == nil {
		return true
	}
	if mark, ok := o.Link.Space.MarkAt(m.Subject()); ok {
		l.put(func() { l.arrived(part{seq: seq, mark: mark}) })
		return true
	}
	p, err := wire.DecodePart(m.Data())
	if err != nil { // nobody of ours wrote it: it can't count
		return true
	}
	l.put(func() { l.arrived(part{seq: seq, Part: p, size: len(m.Data()) + resultOverhead}) })
	return true
}

// usable reports why no loop can begin.
func (o *Owner) usable() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shut {
		return parfor.ErrClosed
	}
	return nil
}

// Close waits for the loops, then ends what the owner has started. The link
// stays open.
func (o *Owner) Close() error {
	o.mu.Lock()
	for len(o.open) > 0 {
		o.idle.Wait()
	}
	o.shut = true
	flaws := o.flaws
	o.flaws = nil
	if o.leave != nil {
		o.leave()
	}
	o.mu.Unlock()
	o.rest()
	o.asks.Unsubscribe() // the connection may be gone: then so is this, and the next
	o.vain.Unsubscribe()
	owners.Delete(o.number)
	o.running.Wait()
	o.feed.stop()
	o.cancel()
	o.roster.close()
	return errors.Join(flaws...)
}

// CancelAll cancels every loop.
func (o *Owner) CancelAll(cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.named {
		p.cancel(cause)
	}
	for _, l := range o.open {
		l.put(func() { l.fail(cause) })
	}
}

// Abandon fails every loop: what it waits for will not come.
func (o *Owner) Abandon(cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.open {
		l.put(func() {
			l.fail(cause)
			space := o.Link.Space
			for _, subjects := range []string{space.LoopOf(l.id), space.RecordsFor(l.id.Program), space.ResultsOf(l.id)} {
				o.Link.Post.Withdraw(strings.TrimSuffix(subjects, ">"), cause)
			}
		})
	}
}

// disown fails the loops without a name, which somebody took for dead.
func (o *Owner) disown(cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.open {
		if l.kept == nil {
			l.put(func() { l.fail(cause) })
		}
	}
}

// announce has the owner say that it lives, for as long as it has loops that
// nobody else can go on with. The lock is held.
func (o *Owner) announce() {
	if o.leave == nil {
		ctx, leave := context.WithCancel(o.ctx)
		o.leave = leave
		o.running.Go(func() { o.live(ctx) })
	}
}

// live keeps the lease until ctx ends, then removes it.
func (o *Owner) live(ctx context.Context) {
	l := newHeld(o, o.Link.Space.Lease(o.id), o.newLease(o.Keep), 0)
	for {
		first, cancel := o.request() // not ctx: what is on its way would be stored after the end
		err := l.write(first)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			l.quit()
			o.disown(err)
			return
		}
	}
	l.start(func(err error) {
		if ctx.Err() == nil {
			o.disown(err)
		}
	})
	<-ctx.Done()
	l.end()
	last, done := o.request()
	defer done()
	if err := o.loops.Purge(last, jetstream.WithPurgeSubject(l.subject)); err != nil {
		slog.Warn("parfor: another program will remove what is left of this one", "error", err)
	}
}

// complain keeps what went wrong outside of any task, for Close.
func (o *Owner) complain(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.flaws) < 8 {
		o.flaws = append(o.flaws, err)
	}
}

// request bounds a request of an owner's own.
func (o *Owner) request() (context.Context, context.CancelFunc) {
	ctx, end := o.Link.Guard(o.ctx)
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	return ctx, func() {
		cancel()
		end()
	}
}

// requestTime is longer than a cluster takes to elect a new leader.
const requestTime = 15 * time.Second

func message(subject string, data []byte, headers ...string) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Data = data
	for i := 0; i < len(headers); i += 2 {
		m.Header.Set(headers[i], headers[i+1])
	}
	return m
}
