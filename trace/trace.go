// Package trace writes what loops did when into a file for a timeline viewer:
// https://ui.perfetto.dev, chrome://tracing, or whatever else reads Chrome's
// trace events.
//
//	t, err := trace.Create("run.json.gz")
//	…
//	codes, err := parfor.Map(ctx, items, post, parfor.Observe(t))
//	err = t.Close()
//
// Each loop is a process in the viewer and each of its workers a lane, on which
// the tasks lie that it ran: "item 17", "item 230 failed", "60 items" where
// short ones touch. Above the lanes are the loop itself with the rare events
// (workers that came and died, new kinds of errors, stalls), below them
// counters. Nothing in the file is an input: items are shown by index.
//
// Slices are sampled by merging (see [observe.Slice]): the file says of each
// loop how many tasks a slice stands for. Bodies run by [parfor.For] have none.
//
// trace.go holds the file, loops.go what a loop becomes in it, event.go the
// format.
//
// [parfor.For]: https://pkg.go.dev/parfor.dev/parfor#For
package trace

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"parfor.dev/parfor/observe"
)

// defaultSlices is a file of about 130 MB, and about what viewers can bear.
const defaultSlices = 1_000_000

// ErrClosed is returned by a second [Trace.Close].
var ErrClosed = errors.New("parfor: the trace is closed")

// Trace is an observer that writes a trace. It is safe for concurrent use, also
// by several loops at once.
//
// The file is a JSON array of events that is written as the loops go, a few
// times a second, so memory is that of a frame. A program that is killed leaves
// an array without its end: the format allows that, and viewers read all that
// was written. Programs that insist on JSON add "]" after the last whole line.
// Close ends the array, also while loops still run.
type Trace struct {
	mu      sync.Mutex
	buf     *bufio.Writer
	gz      *gzip.Writer // nil unless compressed
	file    *os.File     // nil unless made by Create
	began   time.Time
	started bool // there is an event: the next needs a comma
	loops   map[uint64]*loop
	tracks  map[string][]*track // that no loop is using, by title
	kept    int                 // how many these are
	pid     int                 // the last one given
	slices  int
	limit   int
	event   event
	closed  bool
	err     error
}

// Option changes what a [Trace] does.
type Option func(*Trace)

// MaxSlices ends the drawing of tasks after n slices; events, counters and
// totals go on. A slice takes about 130 bytes, compressed about 10. Default: a
// million.
func MaxSlices(n int) Option { return func(t *Trace) { t.limit = max(n, 0) } }

// Gzip compresses what is written. [Create] does so by the file's name.
func Gzip() Option {
	return func(t *Trace) {
		if t.gz == nil {
			t.gz = gzip.NewWriter(nil)
		}
	}
}

// New makes a trace that is written to w, in pieces of whole lines. After a
// failed write it writes nothing more; loops go on, and Close says so.
func New(w io.Writer, opts ...Option) *Trace {
	t := &Trace{began: time.Now(), loops: map[uint64]*loop{}, tracks: map[string][]*track{}, limit: defaultSlices}
	for _, o := range opts {
		o(t)
	}
	if t.gz != nil {
		t.gz.Reset(w)
		w = t.gz
	}
	t.buf = bufio.NewWriterSize(w, 64<<10)
	t.write([]byte("[\n"))
	return t
}

// Create makes a trace in a file, which is truncated if it exists, and
// compressed if its name ends in ".gz": viewers read both.
func Create(path string, opts ...Option) (*Trace, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("parfor: trace: %w", err)
	}
	if strings.HasSuffix(path, ".gz") {
		opts = append(slices.Clip(opts), Gzip())
	}
	t := New(f, opts...)
	t.file = f
	return t, nil
}

// Close ends the trace and closes its file. Loops that still run are drawn up
// to their last frame and are not watched any more. It returns the first error
// there was in writing; a second call returns [ErrClosed].
func (t *Trace) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return ErrClosed
	}
	for _, l := range t.open() {
		t.finish(l, l.at, "running", l.frame)
	}
	t.closed = true
	t.write([]byte("\n]\n"))
	t.flush()
	if t.gz != nil {
		t.failed(t.gz.Close())
	}
	if t.file != nil {
		t.failed(t.file.Close())
	}
	return t.err
}

// open are the loops that run, in the order of their tracks.
func (t *Trace) open() []*loop {
	var ls []*loop
	for _, l := range t.loops {
		ls = append(ls, l)
	}
	slices.SortFunc(ls, func(a, b *loop) int { return a.track.pid - b.track.pid })
	return ls
}

// put writes the event that was built.
func (t *Trace) put() {
	if t.started {
		t.write([]byte(",\n"))
	}
	t.started = true
	t.write(t.event.end())
}

func (t *Trace) write(b []byte) {
	if t.err == nil {
		_, err := t.buf.Write(b)
		t.failed(err)
	}
}

// flush hands on what there is, at the end of each call: of a program that is
// killed later, all of it is there.
func (t *Trace) flush() {
	if t.err != nil {
		return
	}
	t.failed(t.buf.Flush())
	if t.gz != nil && t.err == nil {
		t.failed(t.gz.Flush())
	}
}

func (t *Trace) failed(err error) {
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("parfor: trace: %w", err)
	}
}

var _ observe.Observer = (*Trace)(nil)
