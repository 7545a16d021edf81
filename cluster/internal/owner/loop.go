package owner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/link"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/engine"
)

// loop is a loop on the cluster. Its goroutine alone uses what no comment gives
// to others.
type loop struct {
	owner *Owner
	job   engine.Job
	spec  *engine.Spec
	id    names.Loop
	lane  string
	mailbox
	unwatch func() bool

	mu   sync.Mutex    // the goroutine holds it to change open; others to read it
	open map[int]*sent // by index: claimed, and not finished or returned

	opened   bool // the agents can read the loop's constants, and its log begins
	detached bool
	broken   error // why no task can run
	canceled bool

	rounds   map[int]uint32 // by index, where it isn't 0: of the next sending
	again    []*sent        // to be sent anew, each alone
	chunks   map[uint64]*chunk
	nth      uint64 // chunk
	size     int    // of the last chunk
	unstored int    // chunks whose arrival in the stream was not confirmed, and transfers
	ts       []engine.Task
	buf      []byte

	parts   []part // results that came, in the stream's order
	log     commitLog
	early   []func() // questions that come after results which are not there yet
	done    spans
	kept    *kept // of a loop with a name
	records records

	live       context.Context // ends when the loop fails, or is over
	die        context.CancelCauseFunc
	large      map[int]blob.Ref // by index: items that were stored
	stashing   int              // items that are being stored
	spent      []blob.Ref       // results that are to be removed with the next snapshot
	spentBytes int

	vain      map[int]int // by index: how often its chunk was gone without an answer; see net.go
	quiet     bool        // no result has come for a while: maybe there is no room for one
	came      int         // results since that was last asked
	looking   bool        // at old chunks; see net.go
	cancelAt  time.Time
	withdrawn bool // what the stream has not taken

	asking   bool // agents are being asked what they hold
	answer   *answer
	askAgain time.Time

	lonely time.Time // since when no agent has been there; zero if one is
	timer  *time.Timer
}

// sent is a claimed task on its way.
type sent struct {
	task    engine.Task
	round   uint32
	chunk   *chunk
	asker   *asker // of this round
	ruled   bool   // it is decided, and waits for the log
	storing bool   // the item is being read
}

// chunk is a message with tasks.
type chunk struct {
	number  uint64
	left    int       // tasks of it that are open
	since   time.Time // it is on its way
	seq     uint64    // its place in the stream, once that has it
	doubted bool      // the last look didn't find who may answer; see net.go
}

func newLoop(o *Owner, j engine.Job, id names.Loop) *loop {
	l := &loop{owner: o, job: j, spec: j.Spec(), id: id, mailbox: newMailbox(), open: map[int]*sent{}, rounds: map[int]uint32{}, vain: map[int]int{},
		chunks: map[uint64]*chunk{}, ts: make([]engine.Task, wire.MaxItems), timer: time.NewTimer(time.Hour)}
	l.lane = o.Program.Lane(l.spec.Body.Name)
	l.large = map[int]blob.Ref{}
	l.live, l.die = context.WithCancelCause(o.ctx)
	l.log.subject = o.Link.Space.Log(id)
	l.timer.Stop()
	return l
}

// run is the loop's goroutine.
func (l *loop) run() {
	defer l.owner.running.Done()
	l.begin()
	for !l.over() {
		for _, f := range l.take() {
			f()
		}
		l.collect()
		l.attend()
		l.ship()
		if l.over() {
			break
		}
		select {
		case <-l.wake:
		case <-l.timer.C:
			l.timer.Stop()
		}
	}
	l.timer.Stop()
	l.clean()
}

// over reports whether nothing of the loop is left to do. Answers to what it has
// sent are waited for: they would find nobody.
func (l *loop) over() bool {
	return l.detached && len(l.open) == 0 && l.unstored == 0 && !l.asking && !l.log.busy
}

// begin publishes the loop's constants and the first message of its log, which
// nobody else may have written.
func (l *loop) begin() {
	o := l.owner
	origin := names.Loop{Run: l.id.Run}
	if l.kept != nil { // the keys of items stay the same
		origin.Run = l.kept.lease.record.Origin
	}
	m := message(o.Link.Space.Spec(l.id), o.encode(l.spec, origin, l.kept != nil), idHeader, l.id.String()+".spec", expectHeader, "0")
	record := func() { l.record(m, func(uint64) { l.startLog() }) }
	if post.Size(m) <= int(o.Link.NC.MaxPayload()) {
		record()
		return
	}
	l.transfer(func(ctx context.Context) func() {
		ref, err := blob.Put(ctx, o.Link, l.id, "spec", m.Data, nil)
		m.Data = wire.AppendSpec(nil, &wire.Spec{Away: ref.Append(nil)})
		return func() {
			if err != nil {
				l.fail(fmt.Errorf("parfor: what With and Propagate give the loop: %w", err))
				return
			}
			record()
		}
	})
}

// attend looks after what depends on time: agents that don't come, and those
// that don't say what they hold.
func (l *loop) attend() {
	l.stop()
	l.await()
	if l.broken != nil {
		l.bury()
	}
}

// await fails the loop when no agent comes.
func (l *loop) await() {
	o := l.owner
	if o.Wait == 0 || len(l.open) == 0 || l.broken != nil || l.canceled || o.roster.at(l.lane) > 0 {
		l.lonely = time.Time{}
		return
	}
	if l.lonely.IsZero() {
		l.lonely = time.Now()
	}
	if left := o.Wait - time.Since(l.lonely); left > 0 {
		l.timer.Reset(left)
		return
	}
	others := "there is no agent at all: start one (cluster.Serve)"
	if n := o.roster.count(); n > 0 {
		others = fmt.Sprintf("%d agents are there, of other programs or builds: start one of this very build, or share functions between builds with Version", n)
	}
	l.fail(fmt.Errorf("%w: %s: none came within %v; %s", ErrNoWorker, l.spec.Body.Name, o.Wait, others))
}

// clean leaves nothing of the loop in the cluster, and tells the agents.
func (l *loop) clean() {
	o := l.owner
	l.die(nil)
	if l.kept != nil {
		l.leaveKept()
		l.close()
		return
	}
	l.order(&wire.Order{Action: wire.Over})
	ctx, cancel := o.request()
	defer cancel()
	if err := o.sweep(ctx, l); err != nil {
		o.complain(fmt.Errorf("parfor: what the loop %s left in the cluster: %w", l.spec.Name, link.Explain(ctx, err)))
	}
	l.close()
}

// leaveKept removes a loop with a name if every item has a result. Else another
// program, or this one, may go on with it.
func (l *loop) leaveKept() {
	o := l.owner
	l.kept.lease.end()
	if errors.Is(l.broken, ErrOwned) || errors.Is(l.broken, errRestarted) {
		l.kept.stop()
		return
	}
	ctx, cancel := o.request()
	defer cancel()
	if !l.complete() {
		l.kept.free(o)
		return
	}
	l.kept.stop()
	err := l.writeNow(ctx, &wire.Commit{}) // it must still be ours
	if err == nil {
		l.order(&wire.Order{Action: wire.Over})
		err = o.Link.Remove(ctx, l.id.Program)
	}
	if err != nil {
		o.complain(fmt.Errorf("parfor: what the loop %s left in the cluster: %w", l.spec.Name, err))
	}
}

// close forgets the loop.
func (l *loop) close() {
	o := l.owner
	if l.kept != nil {
		o.vacate(l.id.Program)
	}
	o.mu.Lock()
	delete(o.open, l.id)
	o.watch.Loops.Add(-1)
	if len(o.open) == 0 {
		o.replies.forget()
		o.idle.Broadcast()
	}
	o.mu.Unlock()
}
