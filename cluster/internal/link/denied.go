package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster/internal/post"
)

// ErrDenied means that the server denies this program something that it needs.
var ErrDenied = errors.New("parfor: the cluster's server denies this program's user what it needs")

// unknown reports whether the server refused who connects.
func unknown(err error) bool {
	for _, e := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// denials tells who waits that a permission is missing: a request that is denied
// has no answer, and would end as a timeout that says nothing.
type denials struct {
	mu     sync.Mutex
	next   int
	told   map[int]func(error)
	closed bool // by us
}

// tell has f called with every denial, on a goroutine of the client's; it must
// return quickly. It returns what ends that.
func (d *denials) tell(f func(error)) (end func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told == nil {
		d.told = map[int]func(error){}
	}
	d.next++
	id := d.next
	d.told[id] = f
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.told, id)
	}
}

func (d *denials) hear(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	for _, f := range d.told {
		f(err)
	}
}

// close says that what comes now is our own doing.
func (d *denials) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

// Denied has f called with each permission that turns out to be missing, and when
// the server refuses the credentials that it took before. f must return quickly.
// It returns what ends that.
func (l *Link) Denied(f func(error)) (end func()) { return l.denials.tell(f) }

// Guard returns a context that also ends when a permission turns out to be
// missing. [Explain] says so then.
func (l *Link) Guard(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	end := l.denials.tell(func(err error) { cancel(err) })
	return ctx, func() {
		end()
		cancel(nil)
	}
}

// Explain returns the missing permission that ended a guarded context in place of
// the error that came of it.
func Explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ErrDenied) {
		return cause
	}
	return err
}

var publication = regexp.MustCompile(`(?i)publish to "(\S+)"`)

// complain hears what the server says on its own account.
func (l *Link) complain(p *post.Post, sub *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrConsumerNotActive) { // whoever reads from it makes another
		return
	}
	if !errors.Is(err, nats.ErrPermissionViolation) {
		subject := ""
		if sub != nil {
			subject = sub.Subject
		}
		slog.Warn("parfor: the cluster's server says", "error", err, "subject", subject)
		return
	}
	denied := fmt.Errorf("%w: %w: see WorkerACL", ErrDenied, err)
	if p != nil {
		if m := publication.FindStringSubmatch(err.Error()); m != nil {
			p.Refuse(m[1], denied)
		}
	}
	l.denials.hear(denied)
}
