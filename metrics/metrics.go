// Package metrics counts what a program's loops do, for monitoring: an observer
// that is also a page in the Prometheus text format, and a variable for expvar.
//
//	m := metrics.New()
//	http.Handle("/metrics", m)
//	expvar.Publish("parfor", m)
//	…
//	codes, err := parfor.Map(ctx, items, post, parfor.Observe(m))
//
// Numbers are per name and executor of loops: what loops that have ended came
// to, and what those that run have done up to their last frame, a fifth of a
// second ago at most. Items, inputs and errors are never in a label.
//
// metrics.go holds the handler, totals.go what is kept, text.go the page and
// its list of metrics, cluster.go those of a cluster, vars.go the form for expvar.
package metrics

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"parfor.dev/parfor/observe"
)

const (
	defaultLoops = 1000
	// Other is the name under which loops are counted when there are too many.
	Other = "other"
)

// Metrics is an observer of any number of loops, one after another or at once,
// and what it has counted. It is safe for concurrent use. It keeps about 1 KiB
// for each pair of a name and an executor, for ever.
type Metrics struct {
	mu     sync.Mutex
	most   int
	series map[key]*series
	loops  map[uint64]*live // that run
}

// Option changes what a [Metrics] does.
type Option func(*Metrics)

// MaxLoops is for how many pairs of a name and an executor there are numbers;
// further ones are counted together under the name [Other]. Default: 1000.
// Give loops names that come from the program and not from its data.
func MaxLoops(n int) Option { return func(m *Metrics) { m.most = max(n, 0) } }

// New makes metrics that have counted nothing.
func New(opts ...Option) *Metrics {
	m := &Metrics{most: defaultLoops, series: map[key]*series{}, loops: map[uint64]*live{}}
	for _, o := range opts {
		o(m)
	}
	return m
}

// ServeHTTP answers GET and HEAD with the page. A slow reader delays nobody: the
// page is made before it is sent, which takes some 50 µs for each name of a loop.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = m.WriteTo(w) // nobody is left to tell
}

// WriteTo writes the page, for programs that have one already.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	m.page(&page{b: &b})
	return b.WriteTo(w)
}

var (
	_ observe.Observer = (*Metrics)(nil)
	_ http.Handler     = (*Metrics)(nil)
	_ io.WriterTo      = (*Metrics)(nil)
)
