package agent

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/call"
)

// What a task asks of a dictionary goes through its worker's pool to this
// process, and from here to the program that owns the loop, which has the
// dictionary. A question without an answer is sent again under its number: the
// owner does it once.

var (
	// askPause is after how long a question is sent again.
	askPause = time.Second
	// aloneTime is for how long nobody may listen where the owner should: longer
	// than it takes to connect to another server.
	aloneTime = 10 * time.Second
	// silentTime is how long an owner that listens may say nothing: longer than
	// servers take to elect a leader, for which its log may wait.
	silentTime = 30 * time.Second
)

var (
	errOver = errors.New("parfor: the cluster has given this task to another agent, or its loop is over: what it does counts no more")
	errGone = errors.New("parfor: the program that has the loop and its dictionaries is gone: it does not answer")
)

// reached are the loops of all agents of this process, by the number under which
// workers know them.
var (
	reached sync.Map
	reaches atomic.Uint64
)

func init() {
	call.Handle(call.ThroughKind, func(req []byte) ([]byte, error) {
		t, err := call.ReadThrough(req)
		if err != nil {
			return nil, err
		}
		v, ok := reached.Load(t.Reach)
		if !ok {
			return nil, errOver
		}
		w := v.(*work)
		b, err := w.ask(&t)
		if err == errOver || err == errGone {
			w.lose(t.Index)
		}
		return b, err
	})
}

// lose notes that an item got no answer.
func (w *work) lose(index int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, runs := w.running[index]; runs {
		r.lost = true
		w.running[index] = r
	}
}

// asks are an agent's questions that wait for an answer.
type asks struct {
	inbox string
	sub   *nats.Subscription

	mu   sync.Mutex
	next uint64
	open map[uint64]chan *wire.Answer
}

func (q *asks) begin(nc *nats.Conn) (err error) {
	q.inbox, q.open = nc.NewInbox(), map[uint64]chan *wire.Answer{}
	q.sub, err = nc.Subscribe(q.inbox+".*", q.answer)
	return err
}

func (q *asks) end() {
	if q.sub != nil {
		q.sub.Unsubscribe() // the connection may be gone: then so is this
	}
}

// add numbers a question.
func (q *asks) add() (n uint64, answered chan *wire.Answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next++
	answered = make(chan *wire.Answer, 1)
	q.open[q.next] = answered
	return q.next, answered
}

func (q *asks) remove(n uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, n)
}

// done is the number below which nothing is open.
func (q *asks) done() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	least := q.next + 1
	for n := range q.open {
		least = min(least, n)
	}
	return least
}

// answer takes an answer, or the server's word that nobody listens: nil.
func (q *asks) answer(m *nats.Msg) {
	n, err := strconv.ParseUint(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], 10, 64)
	if err != nil {
		return
	}
	var a *wire.Answer
	if m.Header.Get("Status") == "" {
		if a, err = wire.DecodeAnswer(m.Data); err != nil || a.Number != n {
			return
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case q.open[n] <- a:
	default: // it has one
	}
}

// ask brings a question of a task to the owner. It comes after the commits of all
// that tasks of the loop had finished here: else they would conflict with each
// other, one after the other.
func (w *work) ask(t *call.Through) ([]byte, error) {
	round, after, err := w.settled(t.Index)
	if err != nil {
		return nil, err
	}
	a := w.agent
	n, answered := a.asks.add()
	defer a.asks.remove(n)
	b := wire.AppendAsk(nil, &wire.Ask{Loop: w.id.String(), Agent: a.id, Number: n, Done: a.asks.done(), Index: t.Index, Round: round,
		Claimant: t.Claimant, After: after, Kind: t.Kind, Req: t.Req})
	if limit := int(a.Link.NC.MaxPayload()); len(b) > limit {
		return nil, fmt.Errorf("parfor: what the task says to a dictionary takes %d bytes, and a message of this cluster %d at most: raise the server's max_payload", len(b), limit)
	}
	subject, inbox := a.Link.Space.Questions(w.owner), a.asks.inbox+"."+strconv.FormatUint(n, 10)
	began, heard := time.Now(), time.Now()
	for {
		if err := a.Link.NC.PublishRequest(subject, inbox, b); errors.Is(err, nats.ErrConnectionClosed) {
			return nil, errOver
		}
		wait := time.NewTimer(askPause)
		select {
		case r := <-answered:
			wait.Stop()
			if r != nil {
				return read(r)
			}
			if time.Since(heard) > aloneTime {
				return nil, errGone
			}
			select {
			case <-a.quit:
				return nil, errOver
			case <-time.After(retryPause):
			}
		case <-wait.C:
			heard = time.Now()
			if time.Since(began) > silentTime {
				return nil, errGone
			}
		case <-a.quit:
			wait.Stop()
			return nil, errOver
		}
		if w.silent() {
			return nil, errOver
		}
	}
}

func read(r *wire.Answer) ([]byte, error) {
	if r.Failed {
		return nil, errors.New(string(r.Bytes))
	}
	return r.Bytes, nil
}

func (w *work) silent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mute
}

// settled returns the round of an item that runs here, and the place in the
// results stream of the last writes of the loop's tasks here, once they are all
// there.
func (w *work) settled(index int) (round uint32, after uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		r, runs := w.running[index]
		if !runs || w.mute {
			return 0, 0, errOver
		}
		if w.writes.ready+w.writes.sent == 0 {
			r.asked = true
			w.running[index] = r
			return r.round, w.writes.at, nil
		}
		if w.writes.ready > 0 {
			for h := range w.chunks {
				w.flush(h)
			}
			continue
		}
		w.writes.stored.Wait()
	}
}

// writes are the proposals of a loop that write to dictionaries. The work's lock
// guards them.
type writes struct {
	ready  int // not yet sent
	sent   int // parts with some that the stream has not confirmed
	at     uint64
	stored sync.Cond // one was confirmed, or nothing is sent any more
}

// count is how many of the proposals write.
func (w *writes) count(ps []proposal) (n int) {
	for _, p := range ps {
		if p.writes {
			n++
		}
	}
	return n
}
