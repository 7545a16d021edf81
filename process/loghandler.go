package process

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/wire"
)

// logHandler is the slog handler of a worker: it writes records to the pool. A
// record is on its way before Handle returns, so a crash after that loses none.
type logHandler struct {
	*worker
	attrs *wire.LogAttrs
}

// noRecord is the level of what only says that others were dropped.
const noRecord = slog.Level(math.MinInt32)

// startLog makes the pool's handler the worker's default, if it has one. An
// initializer may set another one.
func (w *worker) startLog() {
	w.log.moved = make(chan struct{})
	if w.identity.Level != math.MaxInt64 {
		slog.SetDefault(slog.New(&logHandler{w, &wire.LogAttrs{}}))
	}
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return int64(level) >= h.identity.Level
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := h.attrs.Clone()
	for _, a := range attrs {
		more.Add(a)
	}
	return &logHandler{h.worker, more}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	more := h.attrs.Clone()
	more.Open(name)
	return &logHandler{h.worker, more}
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := h.attrs
	if r.NumAttrs() > 0 {
		attrs = attrs.Clone()
		r.Attrs(func(a slog.Attr) bool { attrs.Add(a); return true })
	}
	rec := wire.LogRecord{Level: r.Level, Where: toWhere(r.PC), Message: r.Message}
	if !r.Time.IsZero() {
		rec.Time = r.Time.UnixNano()
	}
	rec.Loop, rec.Item = h.belongs(ctx)
	return h.sendLog(&rec, attrs)
}

// belongs says which task a record is of: the one of its context, or the only
// one that runs.
func (w *worker) belongs(ctx context.Context) (loop uint32, item int64) {
	if t, ok := w.queue.RunningTask(); ok {
		return t.Loop, t.Index
	}
	if w.mem.Slots() > 1 {
		if a := task.From(ctx); a != nil {
			if a = a.Outermost(); a.Loop != nil {
				return uint32(a.Loop.Run), int64(a.Index)
			}
		}
	}
	return 0, -1
}

// sendLog writes a record when there is room for it.
func (w *worker) sendLog(rec *wire.LogRecord, attrs *wire.LogAttrs) error {
	rec.Dropped = w.log.takeDropped()
	b := wire.AppendLog(nil, rec, attrs)
	if !w.log.admit(len(b), rec.Dropped) {
		return errors.New("parfor: the pool takes no log records now: this one was dropped")
	}
	return w.up.Write(wire.Log, b)
}

// logWindowSize is how many bytes of records a worker may have under way.
const logWindowSize = 1 << 20

// logPatience is how long a body waits for the pool to take its records.
const logPatience = time.Second

// logWindow bounds what is under way.
type logWindow struct {
	mu      sync.Mutex
	sent    uint64 // bytes
	read    uint64 // dealt with by the pool
	dropped uint64
	stuck   bool // somebody waited in vain: nobody else does until there is room
	moved   chan struct{}
}

// takeDropped returns how many records were dropped that nobody was told of.
func (l *logWindow) takeDropped() (n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, l.dropped = l.dropped, 0
	return n
}

// admit waits for room. If there is none in time the record is dropped, and what
// it would have told.
func (l *logWindow) admit(size int, told uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.sent-l.read+uint64(size) > logWindowSize {
		if l.stuck || !l.wait() {
			l.stuck = true
			l.dropped += told + 1
			return false
		}
	}
	l.sent += uint64(size)
	return true
}

// wait waits until the pool has dealt with some, and reports false if it doesn't.
func (l *logWindow) wait() bool {
	moved := l.moved
	l.mu.Unlock()
	defer l.mu.Lock()
	limit := time.NewTimer(logPatience)
	defer limit.Stop()
	select {
	case <-moved:
		return true
	case <-limit.C:
		return false
	}
}

// setRead says how many bytes the pool has dealt with, in all.
func (l *logWindow) setRead(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read, l.stuck = n, false
	close(l.moved)
	l.moved = make(chan struct{})
}

// hasRead is told that the pool goes on, and says what was dropped meanwhile.
func (w *worker) hasRead(b []byte) error {
	if len(b) != 8 {
		return fmt.Errorf("parfor: a count of %d bytes", len(b))
	}
	w.log.setRead(binary.LittleEndian.Uint64(b))
	w.tellDropped()
	return nil
}

// tellDropped says how many records were dropped, if any were.
func (w *worker) tellDropped() {
	w.telling.Lock() // the process may end once it is known that there is nothing to tell
	defer w.telling.Unlock()
	lost := w.log.takeDropped()
	if lost == 0 {
		return
	}
	rec := wire.AppendLog(nil, &wire.LogRecord{Level: noRecord, Item: -1, Dropped: lost}, &wire.LogAttrs{})
	w.log.count(len(rec))
	w.up.Write(wire.Log, rec)
}

// count notes what is sent without waiting.
func (l *logWindow) count(size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent += uint64(size)
}
