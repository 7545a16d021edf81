package owner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

// renewals is how often a lease is written anew in its life. What else fits into
// it is the election of a new leader among servers.
const renewals = 3

// lease is a message that this owner writes anew as long as it lives. Who wants
// to have it in its place watches for that, by a clock of its own.
type lease struct {
	owner   *Owner
	subject string
	lost    func(error)     // somebody else has it
	ctx     context.Context // of the writing
	quit    context.CancelFunc
	ended   chan struct{}
	changed chan struct{}

	mu     sync.Mutex
	record wire.Lease
	seq    uint64 // its goroutine's, once that runs
}

// newLease is what this owner writes, at first.
func (o *Owner) newLease(keep time.Duration) wire.Lease {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return wire.Lease{Owner: o.id, Host: host, PID: os.Getpid(), Life: o.Life, Keep: keep}
}

// acquire takes the lease at a subject: at once if nobody has it, or whoever had
// it set it free; else when it was not written anew for all of its life, which
// acquire waits for. If it is, the error is ErrOwned. next makes the new record
// from the one before, nil if there is none.
func (o *Owner) acquire(ctx context.Context, subject string, next func(before *wire.Lease) (wire.Lease, error)) (*lease, error) {
	var seq uint64
	var quiet time.Duration // for how long it was that
	for first := true; ; first = false {
		at, before, err := o.leaseAt(ctx, subject)
		if err != nil {
			return nil, err
		}
		if first {
			seq = at
		} else if before != nil && at != seq {
			return nil, owned(before)
		}
		if before != nil && !before.Free && quiet < before.Life {
			// What it took to read doesn't count: while no server answers nobody can
			// write the lease anew, either.
			step := before.Life / (4 * renewals)
			select {
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			case <-time.After(step):
			}
			quiet += step
			continue
		}
		record, err := next(before)
		if err != nil {
			return nil, err
		}
		l := newHeld(o, subject, record, at)
		if err := l.write(ctx); err != nil {
			l.quit()
			return nil, err
		}
		return l, nil
	}
}

func newHeld(o *Owner, subject string, record wire.Lease, seq uint64) *lease {
	l := &lease{owner: o, subject: subject, record: record, seq: seq, ended: make(chan struct{}), changed: make(chan struct{}, 1)}
	l.ctx, l.quit = context.WithCancel(o.ctx)
	return l
}

func owned(by *wire.Lease) error {
	return fmt.Errorf("%w: process %d on %s", ErrOwned, by.PID, by.Host)
}

// leaseAt reads a lease.
func (o *Owner) leaseAt(ctx context.Context, subject string) (seq uint64, l *wire.Lease, err error) {
	m, err := o.last(ctx, subject)
	if m == nil || err != nil {
		return 0, nil, err
	}
	l, err = wire.DecodeLease(m.Data)
	return m.Sequence, l, err
}

// last reads the last message of a subject of the loops stream, nil if there is
// none. It asks until a server answers.
func (o *Owner) last(ctx context.Context, subject string) (*jetstream.RawStreamMsg, error) {
	for {
		once, cancel := context.WithTimeout(ctx, requestTime)
		m, err := o.loops.GetLastMsgForSubject(once, subject)
		cancel()
		switch {
		case err == nil:
			return m, nil
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return nil, nil
		}
		select { // nothing says when a server will be there
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(askPause):
		}
	}
}

// start has the lease written anew from now on. lost is called, once, on another
// goroutine, when somebody else has it.
func (l *lease) start(lost func(error)) {
	l.lost = lost
	go l.run()
}

func (l *lease) run() {
	defer close(l.ended)
	every := time.NewTicker(l.owner.Life / renewals)
	defer every.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-every.C:
		case <-l.changed:
		}
		if err := l.write(l.ctx); err != nil {
			if l.ctx.Err() == nil {
				l.lost(err)
			}
			return
		}
	}
}

// write writes the record. The lease must be the last that this owner wrote.
func (l *lease) write(ctx context.Context) error {
	l.mu.Lock()
	data := wire.AppendLease(nil, &l.record)
	l.mu.Unlock()
	m := message(l.subject, data, expectHeader, strconv.FormatUint(l.seq, 10), rollupHeader, "sub",
		idHeader, fmt.Sprintf("%s.%s.%d.%d", l.subject, l.owner.id, l.record.Run, l.seq))
	seq, err := l.owner.store(ctx, m)
	if err == nil {
		l.seq = seq
	}
	return err
}

// set changes the record, and has it written soon.
func (l *lease) set(change func(*wire.Lease)) {
	l.mu.Lock()
	change(&l.record)
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// end stops the writing, and returns when nothing is written any more.
func (l *lease) end() {
	l.quit()
	<-l.ended
}

// store stores a message of the loops stream that must be the next of its
// subject, and returns its sequence. The error is ErrOwned if another was.
func (o *Owner) store(ctx context.Context, m *nats.Msg) (uint64, error) {
	type answer struct {
		ack post.Ack
		err error
	}
	stored := make(chan answer, 1)
	o.Link.Post.Send(m, func(a post.Ack, err error) { stored <- answer{a, err} })
	select {
	case a := <-stored:
		var refused *post.Refused
		if errors.As(a.err, &refused) && refused.Fenced() {
			return o.instead(ctx, m, a.err)
		}
		return a.ack.Seq, a.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// instead looks whose message is there in place of one that was refused: a
// server that has stored a message and could not say so refuses its second copy.
func (o *Owner) instead(ctx context.Context, m *nats.Msg, refused error) (uint64, error) {
	last, err := o.last(ctx, m.Subject)
	switch {
	case err != nil:
		return 0, err
	case last != nil && last.Header.Get(idHeader) == m.Header.Get(idHeader):
		return last.Sequence, nil
	}
	if last == nil {
		return 0, fmt.Errorf("%w: %w", ErrLost, refused)
	}
	return 0, fmt.Errorf("%w: %w", ErrOwned, refused)
}
