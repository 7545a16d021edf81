package process

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"sync"
	"time"

	"parfor.dev/parfor/internal/wire"
)

// Logs gives h the log records of the workers. Their slog.Default writes to it,
// and so does package log; each record gets the attributes worker and, if it
// belongs to a task, item and loop. Without it a worker's log is lines of text
// on its standard error.
//
// A worker's records come in order. What a worker logged before it died comes
// too, at the latest when the pool has been closed, which waits for h. What no
// other process knows, errors and structs for instance, comes as text; a record
// of more than 64 KiB is cut.
//
// What h is not Enabled for is not sent: workers learn at their start which
// level is the lowest it takes. A body waits while a megabyte of its worker's
// records has not been taken, but no longer than a second; then records are
// dropped, and a warning says how many, when h goes on.
//
// A record costs the worker about what writing a line to a pipe does. A body
// that logs with its context, as in slog.InfoContext(ctx, ...), is told from
// others that run in its process (see [ItemsPerWorker]).
func Logs(h slog.Handler) Option {
	return func(o *options) error {
		if h == nil || reflect.ValueOf(h).Kind() == reflect.Pointer && reflect.ValueOf(h).IsNil() {
			return errors.New("Logs(nil): give a handler, slog.Default().Handler() for instance")
		}
		o.handler = h
		return nil
	}
}

type logging struct{ handler slog.Handler }

// Levels are searched for the lowest that a handler takes. Below the first one,
// and above the last, nobody has any.
const lowest, highest = -1000, 1000

// level is the lowest that anybody wants.
func (l *logging) level() int64 {
	if l.handler == nil {
		return math.MaxInt64
	}
	for level := slog.Level(lowest); level <= highest; level++ {
		if l.handler.Enabled(context.Background(), level) {
			if level == lowest {
				return math.MinInt64
			}
			return int64(level)
		}
	}
	return math.MaxInt64
}

// relay hands records to the handler, on a goroutine of its own: a slow handler
// must not keep a pool from reading what its workers say. A nil one has none.
type relay struct {
	handler slog.Handler
	done    chan struct{}

	mu    sync.Mutex
	came  sync.Cond
	queue []logged
	over  bool
	names map[uint32]string
	order []uint32 // of names, the oldest first
}

// logged is a record on its way.
type logged struct {
	from *proc
	*wire.LogRecord
	size int
}

func (l *logging) start() *relay {
	if l.handler == nil {
		return nil
	}
	r := &relay{handler: l.handler, done: make(chan struct{}), names: map[uint32]string{}}
	r.came.L = &r.mu
	go r.run()
	return r
}

// maxNames is how many loops' names are kept: a record may come after its loop.
const maxNames = 1024

// meet notes the name of a loop.
func (r *relay) meet(id uint32, name string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.order) == maxNames {
		delete(r.names, r.order[0])
		r.order = append(r.order[:0], r.order[1:]...)
	}
	r.names[id] = name
	r.order = append(r.order, id)
}

// take queues a record of a worker, which bounds what it has under way.
func (r *relay) take(p *proc, b []byte) error {
	if r == nil {
		return fmt.Errorf("parfor: a worker sent a frame of type %d", wire.Log)
	}
	rec, err := wire.DecodeLog(b)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, logged{p, rec, len(b)})
	r.came.Signal()
	return nil
}

// next waits for records; none means that no more will come.
func (r *relay) next() []logged {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 && !r.over {
		r.came.Wait()
	}
	q := r.queue
	r.queue = nil
	return q
}

func (r *relay) run() {
	defer close(r.done)
	for q := r.next(); len(q) > 0; q = r.next() {
		for i := range q {
			r.emit(&q[i])
			q[i].from.handled(q[i].size)
			q[i] = logged{}
		}
	}
}

// handled lets the worker send more, every now and then.
func (p *proc) handled(size int) {
	before := p.logged / (logWindowSize / 4)
	p.logged += uint64(size)
	if p.logged/(logWindowSize/4) != before {
		p.ctl.send(wire.Logged, binary.LittleEndian.AppendUint64(nil, p.logged))
	}
}

// end waits until the handler has them all. No worker is left.
func (r *relay) end() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.over = true
	r.came.Signal()
	r.mu.Unlock()
	<-r.done
}

// emit makes the record that the worker's code wanted, with what only the pool
// knows.
func (r *relay) emit(l *logged) {
	ctx := context.Background()
	worker := slog.Int("worker", l.from.owner.id)
	if l.Dropped > 0 && r.handler.Enabled(ctx, slog.LevelWarn) {
		rec := slog.NewRecord(time.Now(), slog.LevelWarn, "parfor: log records were dropped", 0)
		rec.AddAttrs(slog.Uint64("dropped", l.Dropped), worker)
		r.handler.Handle(ctx, rec)
	}
	if l.Message == "" && l.Level == noRecord || !r.handler.Enabled(ctx, l.Level) {
		return
	}
	var at time.Time
	if l.Time != 0 {
		at = time.Unix(0, l.Time)
	}
	rec := slog.NewRecord(at, l.Level, l.Message, fromWhere(l.Where))
	rec.AddAttrs(l.Attrs...)
	if l.Cut > 0 {
		rec.AddAttrs(slog.Uint64("attributes_cut", l.Cut))
	}
	rec.AddAttrs(worker)
	if l.Item >= 0 {
		rec.AddAttrs(slog.Int64("item", l.Item))
		if name := r.name(l.Loop); name != "" {
			rec.AddAttrs(slog.String("loop", name))
		}
	}
	r.handler.Handle(ctx, rec)
}

func (r *relay) name(loop uint32) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[loop]
}

// A place in the program is told as its distance from Main: worker and
// program are the same file, at addresses of their own.
var origin = uint64(reflect.ValueOf(Main).Pointer())

func toWhere(pc uintptr) int64 {
	if pc == 0 {
		return 0
	}
	return int64(uint64(pc) - origin)
}

func fromWhere(distance int64) uintptr {
	if distance == 0 {
		return 0
	}
	return uintptr(uint64(distance) + origin)
}
