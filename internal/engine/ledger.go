package engine

import (
	"container/list"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// keptFailures is how many unread errors a ledger can still name when their
// futures are gone; the others are only counted.
const keptFailures = 8

// Ledger is what an executor knows of the futures submitted to it: which are
// open, which may start next, and which failed without anybody reading the
// error. The zero value is ready for use; it must not be copied.
type Ledger struct {
	// Lanes holds package parfor's open jobs for submissions, so that many of
	// one kind share one attachment.
	Lanes sync.Map

	backlog
	unread
}

// Close refuses new submissions, waits for the open ones and their callbacks,
// and returns (and logs) the failures nobody has read, once. It may be called
// again, concurrently too: every call waits.
func (l *Ledger) Close() error {
	l.drain()
	return l.report()
}

// unread keeps the failures of futures that nobody has read yet.
type unread struct {
	mu      sync.Mutex
	kept    list.List // of *Failure, in order of failing
	lost    int       // of kept: their futures are gone
	dropped int       // failures whose futures are gone, only counted
	logged  int
}

// Failure is the unread error of one future. It doesn't refer to the future,
// which may be collected while its failure is remembered.
type Failure struct {
	err  error
	book *unread
	at   *list.Element // nil once read, dropped or reported
}

// Fail notes a failure that nobody has read yet.
func (u *unread) Fail(err error) *Failure {
	f := &Failure{err: err, book: u}
	u.mu.Lock()
	defer u.mu.Unlock()
	f.at = u.kept.PushBack(f)
	return f
}

// Read strikes the failure out: somebody has seen it. Calling it again, or on
// nil, does nothing.
func (f *Failure) Read() {
	if f == nil {
		return
	}
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	f.strike()
}

func (f *Failure) strike() {
	if f.at != nil {
		f.book.kept.Remove(f.at)
		f.at = nil
	}
}

// Lost says that the future was garbage-collected: nobody can read the error
// any more, so it is logged. A flood is logged at its doublings.
func (f *Failure) Lost() {
	u := f.book
	u.mu.Lock()
	if f.at == nil {
		u.mu.Unlock()
		return
	}
	if u.lost < keptFailures {
		u.lost++
	} else {
		f.strike()
		u.dropped++
	}
	u.logged++
	n := u.logged
	u.mu.Unlock()
	if n <= keptFailures || n&(n-1) == 0 {
		slog.Warn("parfor: a future was dropped and nobody had read its error", "error", f.err, "dropped", n)
	}
}

// report empties the book.
func (u *unread) report() error {
	u.mu.Lock()
	all := &Unread{Count: u.kept.Len() + u.dropped}
	for e := u.kept.Front(); e != nil; e = u.kept.Front() {
		f := e.Value.(*Failure)
		if len(all.First) < keptFailures {
			all.First = append(all.First, f.err)
		}
		f.strike()
	}
	u.lost, u.dropped = 0, 0
	u.mu.Unlock()
	if all.Count == 0 {
		return nil
	}
	slog.Warn("parfor: futures failed and nobody had read their errors before Close", "count", all.Count, "first", all.First[0])
	return all
}

// Unread is the error of an executor's Close: futures failed and nobody read
// why. errors.Is and errors.As look into the first of them.
type Unread struct {
	Count int
	First []error // at most 8, in order of failing
}

func (e *Unread) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "parfor: %d futures failed and nobody read their errors (with Result or Err): ", e.Count)
	if e.Count == 1 {
		b.Reset()
		b.WriteString("parfor: a future failed and nobody read its error (with Result or Err): ")
	}
	for i, err := range e.First {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(strings.TrimPrefix(err.Error(), "parfor: "))
	}
	if rest := e.Count - len(e.First); rest > 0 {
		fmt.Fprintf(&b, "; and %d more", rest)
	}
	return b.String()
}

// Unwrap gives the errors that were kept.
func (e *Unread) Unwrap() []error { return e.First }
