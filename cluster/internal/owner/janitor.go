package owner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor/cluster/internal/wire"
)

const (
	// tidyEvery is how often an owner looks for what nobody owns, at least.
	tidyEvery = time.Minute
	// tidyTime bounds a look, and is how long others leave what an owner is about to
	// remove to it.
	tidyTime = 30 * time.Second
)

// janitor removes what is in the cluster of programs that were killed, and of
// named loops that nobody goes on with. All owners look, each in its own time; the
// lease says which one removes. Agents don't: they needn't be allowed to.
func (o *Owner) janitor(ctx context.Context) {
	late := map[string]overdue{}
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		once, cancel := context.WithTimeout(ctx, tidyTime)
		wait, err := o.tidy(once, late)
		cancel()
		if err != nil && ctx.Err() == nil && o.Link.NC.IsConnected() {
			slog.Warn("parfor: what programs left that were killed stays in the cluster for now", "error", err)
		}
		next.Reset(wait + rand.N(wait/4+time.Millisecond))
	}
}

// overdue is a lease that should have been written anew long ago.
type overdue struct {
	seq   uint64
	since time.Time // this owner knows
}

// tidy looks at every lease, and returns when to look again. Ages are the
// servers' own. What is overdue by no more than it was to be kept gets a life
// more: the servers may have been away, and everybody be about to write.
func (o *Owner) tidy(ctx context.Context, late map[string]overdue) (wait time.Duration, err error) {
	wait = tidyEvery
	info, err := o.loops.Info(ctx, jetstream.WithSubjectFilter(o.Link.Space.Leases()))
	if err != nil {
		return wait, err
	}
	var errs []error
	for subject := range info.State.Subjects {
		m, err := o.loops.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) { // it ended well just now
			continue
		}
		if err != nil {
			return wait, err
		}
		l, err := wire.DecodeLease(m.Data)
		if err != nil { // of a release to come, which tidies up itself
			continue
		}
		left := l.Life + l.Keep - info.TimeStamp.Sub(m.Time)
		was, known := late[subject]
		switch {
		case left > 0:
			delete(late, subject)
		case l.Keep > 0 && left < -l.Keep:
		case !known || was.seq != m.Sequence:
			late[subject] = overdue{m.Sequence, time.Now()}
			left = l.Life
		default:
			left = l.Life - time.Since(was.since)
		}
		if left > 0 {
			wait = min(wait, max(left, time.Second))
			continue
		}
		delete(late, subject)
		errs = append(errs, o.inherit(ctx, m, l))
	}
	return wait, errors.Join(errs...)
}

// inherit takes a lease that has ended, and removes what it was for. If its
// program lives after all it is refused from then on, and if another owner was
// faster this one is.
func (o *Owner) inherit(ctx context.Context, m *jetstream.RawStreamMsg, l *wire.Lease) error {
	program, ok := o.Link.Space.LeaseOf(m.Subject)
	if !ok {
		return nil
	}
	host, pid := l.Host, l.PID
	mine := o.newLease(0)
	mine.Life, mine.Print = tidyTime, l.Print
	seq := strconv.FormatUint(m.Sequence, 10)
	_, err := o.store(ctx, message(m.Subject, wire.AppendLease(nil, &mine), expectHeader, seq, rollupHeader, "sub", idHeader, m.Subject+"."+o.id+".end."+seq))
	if errors.Is(err, ErrOwned) {
		return nil
	}
	if err != nil {
		return err
	}
	slog.Info("parfor: removing what a program left in the cluster", "loops", program, "host", host, "pid", pid)
	if err := o.Link.Remove(ctx, program); err != nil {
		return fmt.Errorf("parfor: of %s: %w", program, err)
	}
	return nil
}
