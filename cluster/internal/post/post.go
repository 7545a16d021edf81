// Package post publishes to streams until the stream has it: a message is sent
// again, with the same Nats-Msg-Id, when no answer comes, no server is there,
// or the stream is full for now.
package post

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Ack is a stream's answer: where the message is.
type Ack struct {
	Seq       uint64
	Duplicate bool
}

// Refused is a stream's answer that another try would not change.
type Refused struct {
	Code int // the server's error code
	Text string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("parfor: the stream refused a message: %s (%d)", e.Text, e.Code)
}

// Taken reports whether the stream keeps one message a subject and has it.
func (e *Refused) Taken() bool {
	return strings.Contains(e.Text, "maximum messages per subject exceeded")
}

// Fenced reports whether the last message of the subject is another than was
// expected.
func (e *Refused) Fenced() bool { return e.Code == wrongLast }

// Forgotten reports whether it expected a last message and there is none at all:
// the stream was lost.
func (e *Refused) Forgotten() bool { return e.Fenced() && strings.HasSuffix(e.Text, ": 0") }

// ErrClosed is the end of what was not stored when the post closed.
var ErrClosed = errors.New("parfor: the connection to the cluster was closed")

const (
	wrongLast   = 10071
	generic     = 10077 // of "maximum bytes exceeded", among others
	underWay    = 10158 // several servers agree on a message of this id just now,
	othersAre   = 10164 // or on another of its subject, and one was expected
	answerTime  = 2 * time.Second
	pause       = 250 * time.Millisecond
	maxBackoffs = 4 // doublings of the pause

	complainEvery = time.Minute
)

// Post is safe for concurrent use.
type Post struct {
	nc    *nats.Conn
	inbox string
	sub   *nats.Subscription

	mu     sync.Mutex
	open   map[uint64]*letter
	next   uint64
	said   time.Time // that a stream is full
	closed bool
	stop   chan struct{}
	group  sync.WaitGroup
}

type letter struct {
	msg   *nats.Msg
	done  func(Ack, error)
	due   time.Time // for the next try
	since time.Time // of the first try on this connection, or of the last answer
	tries int
	err   error // why it can't be sent at all
}

// New returns a post on a connection.
func New(nc *nats.Conn) (*Post, error) {
	p := &Post{nc: nc, inbox: nc.NewInbox(), open: map[uint64]*letter{}, stop: make(chan struct{})}
	sub, err := nc.Subscribe(p.inbox+".*", p.answer)
	if err != nil {
		return nil, err
	}
	p.sub = sub
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, err
	}
	p.group.Go(p.remind)
	return p, nil
}

// Send stores a message. It doesn't block; done is called once, with where it
// is or why it never will be, on another goroutine than the caller's, and must
// return quickly; after Close it is not called. m belongs to the post from now
// on. A *[Refused] tells what the stream said.
func (p *Post) Send(m *nats.Msg, done func(Ack, error)) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.next++
	id := p.next
	m.Reply = p.inbox + "." + strconv.FormatUint(id, 36)
	now := time.Now()
	l := &letter{msg: m, done: done, due: now.Add(answerTime), since: now}
	p.open[id] = l
	p.mu.Unlock()
	p.try(id, l)
}

// try publishes once more. What can't be published now is when its time comes.
func (p *Post) try(id uint64, l *letter) {
	switch err := p.nc.PublishMsg(l.msg); {
	case err == nil, errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting), errors.Is(err, nats.ErrDisconnected):
	default: // such as nats.ErrMaxPayload
		if errors.Is(err, nats.ErrConnectionClosed) {
			err = ErrClosed
		}
		p.mu.Lock()
		l.err, l.due = err, time.Time{} // remind says so: the caller may hold locks that done wants
		p.mu.Unlock()
	}
}

// answer reads what a stream says.
func (p *Post) answer(m *nats.Msg) {
	id, err := strconv.ParseUint(m.Subject[len(p.inbox)+1:], 36, 64)
	if err != nil {
		return
	}
	if len(m.Data) == 0 { // 503: no stream listens there, or not now
		p.later(id, false)
		return
	}
	var r struct {
		Seq       uint64 `json:"seq"`
		Duplicate bool   `json:"duplicate"`
		Error     *struct {
			Code        int    `json:"code"`
			ErrCode     int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(m.Data, &r); {
	case err != nil:
		p.later(id, false)
	case r.Error == nil:
		p.end(id, Ack{Seq: r.Seq, Duplicate: r.Duplicate}, nil)
	default:
		refused := &Refused{Code: r.Error.ErrCode, Text: r.Error.Description}
		full := r.Error.ErrCode == generic && !refused.Taken()
		pending := r.Error.ErrCode == underWay || r.Error.ErrCode == othersAre
		if r.Error.Code == 503 && !refused.Taken() || full || pending {
			p.later(id, true)
			if full {
				p.complain(refused)
			}
			return
		}
		p.end(id, Ack{}, refused)
	}
}

// later has a letter tried again after a pause. Somebody said why, or nobody was
// there.
func (p *Post) later(id uint64, said bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.open[id]; l != nil {
		if said {
			l.since = time.Now()
		}
		l.due = time.Now().Add(pause << min(l.tries, maxBackoffs))
		l.tries++
	}
}

// complain says, now and then, that messages wait for room.
func (p *Post) complain(why *Refused) {
	p.mu.Lock()
	said := time.Since(p.said) < complainEvery
	if !said {
		p.said = time.Now()
	}
	p.mu.Unlock()
	if !said {
		slog.Warn("parfor: a stream of the cluster is full: what is sent waits for room; raise its max_bytes if that lasts", "server", why.Text)
	}
}

func (p *Post) end(id uint64, a Ack, err error) {
	p.mu.Lock()
	l := p.open[id]
	delete(p.open, id)
	p.mu.Unlock()
	if l != nil {
		l.done(a, err)
	}
}

// remind tries what is due.
func (p *Post) remind() {
	every := time.NewTicker(pause / 2)
	defer every.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-every.C:
			p.bounce()
			if p.nc.IsConnected() {
				p.again(now)
			}
		}
	}
}

// bounce ends what can't be sent.
func (p *Post) bounce() {
	p.mu.Lock()
	bad := map[uint64]error{}
	for id, l := range p.open {
		if l.err != nil {
			bad[id] = l.err
		}
	}
	p.mu.Unlock()
	for id, err := range bad {
		p.end(id, Ack{}, err)
	}
}

// Resend tries everything that is open again, at once: the connection was lost
// and is there again.
func (p *Post) Resend() {
	p.mu.Lock()
	for _, l := range p.open {
		l.since = time.Now()
	}
	p.mu.Unlock()
	p.again(time.Now().Add(time.Hour))
}

// Unanswered is the subject of a message that the server has been sent for so long,
// on one connection, without any answer; empty if there is none.
func (p *Post) Unanswered(d time.Duration) (subject string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.open {
		if l.err == nil && time.Since(l.since) > d {
			return l.msg.Subject
		}
	}
	return ""
}

func (p *Post) again(due time.Time) {
	p.mu.Lock()
	late := map[uint64]*letter{}
	for id, l := range p.open {
		if l.err == nil && l.due.Before(due) {
			l.due = time.Now().Add(answerTime)
			late[id] = l
		}
	}
	p.mu.Unlock()
	for id, l := range late {
		p.try(id, l)
	}
}

// Close fails what is open, and waits until no done runs any more.
func (p *Post) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	left := p.open
	p.open = map[uint64]*letter{}
	p.mu.Unlock()
	close(p.stop)
	p.group.Wait()
	p.sub.Unsubscribe() // fails on a closed connection only, which has none
	for _, l := range left {
		l.done(Ack{}, ErrClosed)
	}
}
