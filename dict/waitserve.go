package dict

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Questions about things, first byte; each object has its own from askOwn on.
const (
	askWait  = 1 // asking, ticket, what, patient, width -> how it stands, what it got
	askLeave = 2 // claimant, ticket
	askOwn   = 3
)

// How a wait stands.
const (
	stillWaits = iota
	isServed
	isRefused // a wait that isn't patient
	isClosed
	isBroken
	isDeadlock
	isWide
	isOther // a text follows
)

var waitErrors = map[byte]error{isClosed: ErrQueueClosed, isBroken: ErrBrokenBarrier, isDeadlock: ErrDeadlock, isWide: ErrTooWide}

// tickets numbers the waits of a worker process.
var tickets atomic.Uint64

func (t *thing) ask(a *task.Attempt, question byte, more func(q []byte) []byte) (*writeset.Reader, error) {
	return writeset.Ask(a, t.id, func(q []byte) []byte { return more(append(q, question)) })
}

// askFor is obtain in a worker process. What was given is read with read. It
// reports whether w is decided.
func (t *thing) askFor(ctx context.Context, a *task.Attempt, w *waiter, read func(*writeset.Reader) error) (bool, error) {
	who := askerOf(ctx, a, w.patient)
	n := tickets.Add(1)
	for asked := false; ; asked = true {
		err := a.With(nil, func(task.Tx) error { return nil })
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			if asked {
				_, lost := t.ask(a, askLeave, func(q []byte) []byte { return le.AppendUint64(le.AppendUint64(q, w.by), n) })
				err = errors.Join(err, lost)
			}
			return false, err
		}
		r, err := t.ask(a, askWait, func(q []byte) []byte {
			q = le.AppendUint64(who.append(q), n)
			patient := byte(0)
			if w.patient {
				patient = 1
			}
			return binary.AppendUvarint(append(q, w.what, patient), uint64(w.width))
		})
		if err != nil {
			return false, err
		}
		switch how := r.Byte(); how {
		case stillWaits:
		case isServed:
			return true, read(r)
		case isRefused:
			if err = r.Err(); err == nil && w.patient {
				err = ErrTaskDone
			}
			return false, err
		default:
			return false, waitError(how, string(r.Rest()))
		}
	}
}

// otherError has the text of an error that the owner made of a known one.
type otherError struct {
	text string
	is   error
}

func (e *otherError) Error() string { return e.text }
func (e *otherError) Unwrap() error { return e.is }

func waitError(how byte, text string) error {
	is := waitErrors[how]
	if is != nil && is.Error() == text {
		return is
	}
	return &otherError{text, is}
}

// askerOf says which task waits, in a worker process.
func askerOf(ctx context.Context, a *task.Attempt, patient bool) asking {
	who := asking{by: a.Claimant()}
	if l := a.Outermost().Loop; l != nil {
		if who.program, who.run = l.Program, l.Run; l.Reach != 0 { // as the owner knows it
			who.program, who.run = l.Origin[0], l.Origin[1]
		}
	}
	if patient && a.Parent == nil {
		_, clock := ctx.Deadline()
		who.sure = !clock && inBody()
	}
	return who
}

func (w asking) append(q []byte) []byte {
	q = le.AppendUint64(le.AppendUint64(le.AppendUint64(q, w.by), w.program), w.run)
	if w.sure {
		return append(q, 1)
	}
	return append(q, 0)
}

func readAsking(r *writeset.Reader) asking {
	w := asking{by: r.Uint64(), program: r.Uint64(), run: r.Uint64()}
	w.sure = r.Byte() == 1 && ofWorker(w.by)
	return w
}

func readClaimant(r *writeset.Reader, by uint64) error {
	if r.Err() == nil && !ofWorker(by) {
		return errors.New("dict: a question of no task")
	}
	return r.Err()
}

// serveWait answers a wait once it is decided, or after a while. What waits
// keeps its place until it is asked for again, or its task has ended.
func (t *thing) serveWait(r *writeset.Reader, dst []byte, open func(*waiter) bool) ([]byte, error) {
	who := readAsking(r)
	err := readClaimant(r, who.by)
	key := ticket{who.by, r.Uint64()}
	what, patient, width := r.Byte(), r.Byte() == 1, r.Uvarint()
	if err = errors.Join(err, r.Err()); err != nil {
		return nil, err
	}
	if task.WidthOf == nil || width > 1<<20 {
		width = 0
	} else if width > 0 {
		width *= uint64(task.WidthOf(who.program, who.run))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.asked[key]
	if w == nil {
		w = newWaiter(t, who.by, what, patient)
		w.key, w.width = key, int(min(width, 1<<30))
		if t.self.serve(w) {
			return t.answerWait(dst, w)
		}
		if !patient {
			return append(dst, isRefused), nil
		}
		if !writeset.Hold(who.by, w) {
			t.drop(w)
			return t.answerWait(dst, w)
		}
		if t.asked == nil {
			t.asked = map[ticket]*waiter{}
		}
		t.asked[key] = w
	}
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s := &sleeper{worker: who, awake: w.over.Load, open: func() bool { return open(w) }}
	err = s.sleep(ctx, nil, w.done, nil)
	cancel()
	t.mu.Lock()
	if !w.over.Load() {
		if err != ErrDeadlock {
			return append(dst, stillWaits), nil
		}
		t.self.leave(w)
		w.decide(ErrDeadlock)
	}
	if t.asked[key] != w { // its task has ended
		return append(dst, isRefused), nil
	}
	delete(t.asked, key)
	writeset.Settled(who.by, w)
	return t.answerWait(dst, w)
}

func (t *thing) answerWait(dst []byte, w *waiter) ([]byte, error) {
	if w.err == nil {
		return t.self.answer(append(dst, isServed), w)
	}
	how := byte(isOther)
	for h, err := range waitErrors {
		if errors.Is(w.err, err) {
			how = h
		}
	}
	return append(append(dst, how), w.err.Error()...), nil
}

// serveLeave ends a wait that its task gave up.
func (t *thing) serveLeave(r *writeset.Reader, dst []byte) ([]byte, error) {
	key := ticket{r.Uint64(), r.Uint64()}
	if r.Err() != nil {
		return nil, r.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.asked[key]; w != nil {
		delete(t.asked, key)
		writeset.Settled(key.by, w)
		t.drop(w)
	}
	return dst, nil
}

func unknownQuestion(q byte) error { return fmt.Errorf("dict: unknown question %d", q) }
