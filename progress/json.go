package progress

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"sync"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

// jsonVersion is "v" in every line. A reader skips kinds and fields it doesn't
// know; the number changes when one it knows changes its meaning.
const jsonVersion = 1

// JSON writes what an observer is told as JSON, one object to a line, each in
// one Write. After a failed write it writes nothing more. Every line has
//
//	v     1, the version of the format
//	q     number of the line, from 1
//	t     nanoseconds since the loop began
//	k     kind: loop.start, frame, loop.end, or that of an event
//	loop  number of the loop
//
// and, by kind:
//
//	loop.start  name, executor, workers, total (null if unknown), wall, os, arch, go
//	frame       total, totals {run, ok, fail, retry, skip, busy_ns}; w [[id, ok, fail, busy_ns, pid]…];
//	            h [[bucket, n]…], added since the last frame; s [slice…], new ones;
//	            err [{msg, count, retried, first, ex}…];
//	            d [{name, commits, set, del, add, other, conflicts, reads, entries, recv, asked, hot}…], dictionaries used;
//	            hot is [{hash, key, conflicts, writes}…], key only where dict.ShowKeys says so
//	loop.end    a frame's fields, state (done, failed, stopped), reason
//	events      worker, pid, index (null if none), text, stack
//
// A slice is [worker, start_ns, dur_ns, index, attempt, flags, n]; flags are
// the bits of [observe.Flags]. Buckets are those of [observe.BucketRange].
func JSON(w io.Writer) observe.Observer {
	return &jsonLines{w: w, loops: map[uint64]*observe.Hist{}}
}

type jsonLines struct {
	mu     sync.Mutex
	w      io.Writer
	seq    uint64
	loops  map[uint64]*observe.Hist // as last written
	failed bool
}

type envelope struct {
	V    int    `json:"v"`
	Q    uint64 `json:"q"`
	T    int64  `json:"t"`
	K    string `json:"k"`
	Loop uint64 `json:"loop"`
}

type jsonStart struct {
	envelope
	Name     string    `json:"name"`
	Executor string    `json:"executor"`
	Workers  int       `json:"workers"`
	Total    *int      `json:"total"`
	Wall     time.Time `json:"wall"`
	OS       string    `json:"os"`
	Arch     string    `json:"arch"`
	Go       string    `json:"go"`
}

type jsonFrame struct {
	envelope
	Total  *int        `json:"total"`
	Totals jsonTotals  `json:"totals"`
	W      [][5]int64  `json:"w,omitempty"`
	H      [][2]int64  `json:"h,omitempty"`
	S      [][7]int64  `json:"s,omitempty"`
	Err    []jsonGroup `json:"err,omitempty"`
	D      []jsonDict  `json:"d,omitempty"`
	State  string      `json:"state,omitempty"`
	Reason string      `json:"reason,omitempty"`
}

type jsonTotals struct {
	Run   int   `json:"run"`
	OK    int64 `json:"ok"`
	Fail  int64 `json:"fail"`
	Retry int64 `json:"retry"`
	Skip  int64 `json:"skip"`
	Busy  int64 `json:"busy_ns"`
}

type jsonGroup struct {
	Msg     string `json:"msg"`
	Count   int64  `json:"count"`
	Retried int64  `json:"retried,omitempty"`
	First   int    `json:"first"`
	Ex      []int  `json:"ex"`
}

type jsonEvent struct {
	envelope
	Worker int    `json:"worker"`
	PID    int    `json:"pid,omitempty"`
	Index  *int   `json:"index"`
	Text   string `json:"text,omitempty"`
	Stack  string `json:"stack,omitempty"`
}

func (j *jsonLines) Start(s observe.Start) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.loops[s.Loop] = &observe.Hist{}
	j.write(&jsonStart{
		envelope: j.envelope("loop.start", s.Loop, 0), Name: s.Name, Executor: s.Executor, Workers: s.Workers,
		Total: known(s.Total), Wall: s.At, OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(),
	})
}

func (j *jsonLines) Frame(f observe.Frame) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.write(j.frame("frame", f))
}

func (j *jsonLines) Event(e observe.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.write(&jsonEvent{
		envelope: j.envelope(string(e.Kind), e.Loop, e.At), Worker: e.Worker, PID: e.PID,
		Index: known(e.Index), Text: e.Text, Stack: string(e.Stack),
	})
}

func (j *jsonLines) End(e observe.End) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.frame("loop.end", e.Frame)
	switch {
	case e.Err == nil:
		f.State = "done"
	case e.Frame.Totals.Failed > 0:
		f.State = "failed"
	default:
		f.State = "stopped"
	}
	if e.Err != nil {
		f.Reason = meter.MessageOf(e.Err)
	}
	delete(j.loops, e.Loop)
	j.write(f)
}

func (j *jsonLines) frame(kind string, f observe.Frame) *jsonFrame {
	out := &jsonFrame{
		envelope: j.envelope(kind, f.Loop, f.At),
		Total:    known(f.Total),
		Totals: jsonTotals{
			Run: f.Totals.Running, OK: f.Totals.OK, Fail: f.Totals.Failed,
			Retry: f.Totals.Retried, Skip: f.Totals.Skipped, Busy: int64(f.Totals.Busy),
		},
		H: j.added(f),
	}
	for _, w := range f.Workers {
		out.W = append(out.W, [5]int64{int64(w.ID), w.OK, w.Failed, int64(w.Busy), int64(w.PID)})
	}
	for _, s := range f.Slices {
		out.S = append(out.S, [7]int64{
			int64(s.Worker), int64(s.Start), int64(s.Took), int64(s.Index), int64(s.Attempt), int64(s.Flags), int64(s.N),
		})
	}
	for _, g := range f.Groups {
		out.Err = append(out.Err, jsonGroup{Msg: g.Text, Count: g.Count, Retried: g.Retried, First: g.First, Ex: g.Examples})
	}
	for _, d := range f.Dicts {
		out.D = append(out.D, dictJSON(d))
	}
	return out
}

// added is what the histogram has more than at the last frame.
func (j *jsonLines) added(f observe.Frame) [][2]int64 {
	before := j.loops[f.Loop]
	if before == nil { // an observer put on halfway
		before = &observe.Hist{}
		j.loops[f.Loop] = before
	}
	was := map[int]int64{}
	for i, n := range before.All() {
		was[i] = n
	}
	var h [][2]int64
	for i, n := range f.Hist.All() {
		if n > was[i] {
			h = append(h, [2]int64{int64(i), n - was[i]})
		}
	}
	*before = f.Hist
	return h
}

func (j *jsonLines) envelope(kind string, loop uint64, at time.Duration) envelope {
	j.seq++
	return envelope{V: jsonVersion, Q: j.seq, T: int64(at), K: kind, Loop: loop}
}

// known makes the -1 of "not known" and "none" a null.
func known(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func (j *jsonLines) write(line any) {
	if j.failed {
		return
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(line) != nil { // only plain fields: cannot happen
		return
	}
	if _, err := j.w.Write(b.Bytes()); err != nil {
		j.failed = true
	}
}
