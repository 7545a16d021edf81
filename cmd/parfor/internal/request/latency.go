package request

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latency collects how long requests took, to three digits, from 1 µs to 6
// hours. It is safe for concurrent use: a few histograms share the load, so
// that workers don't wait for each other, and are merged when asked.
type Latency struct {
	shards []latencyShard
	next   atomic.Uint32
}

type latencyShard struct {
	mu                sync.Mutex
	service, response *hdrhistogram.Histogram
	_                 [64]byte // shards don't share cache lines
}

const longest = 6 * time.Hour

// NewLatency returns an empty one.
func NewLatency() *Latency {
	l := &Latency{shards: make([]latencyShard, runtime.GOMAXPROCS(0))}
	for i := range l.shards {
		l.shards[i].service, l.shards[i].response = newHistogram(), newHistogram()
	}
	return l
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), 3)
}

// Add counts one attempt. intended is when it should have started by --rate,
// zero without a rate: a request that had to wait because those before it were
// slow counts with its wait, or the slowness would hide itself (coordinated
// omission).
func (l *Latency) Add(intended, started time.Time, took time.Duration) {
	s := &l.shards[l.next.Add(1)%uint32(len(l.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.service.RecordValue(micros(took))
	if !intended.IsZero() {
		_ = s.response.RecordValue(micros(started.Sub(intended) + took))
	}
}

// micros is within what a histogram takes, so that recording can't fail.
func micros(d time.Duration) int64 {
	return min(max(d.Microseconds(), 1), longest.Microseconds())
}

// Percentiles are of one kind of latency.
type Percentiles struct {
	Count                    int64
	P50, P90, P99, P999, Max time.Duration
}

func (p Percentiles) String() string {
	return fmt.Sprintf("p50 %v  p90 %v  p99 %v  p99.9 %v  max %v", p.P50, p.P90, p.P99, p.P999, p.Max)
}

// Summary returns the percentiles of service time, which is of the requests
// themselves, and of response time, which is from the intended start; the
// latter's Count is 0 without a rate.
func (l *Latency) Summary() (service, response Percentiles) {
	s, r := newHistogram(), newHistogram()
	for i := range l.shards {
		shard := &l.shards[i]
		shard.mu.Lock()
		s.Merge(shard.service)
		r.Merge(shard.response)
		shard.mu.Unlock()
	}
	return percentiles(s), percentiles(r)
}

func percentiles(h *hdrhistogram.Histogram) Percentiles {
	at := func(q float64) time.Duration {
		return time.Duration(h.ValueAtQuantile(q)) * time.Microsecond
	}
	p := Percentiles{Count: h.TotalCount()}
	if p.Count > 0 {
		p.P50, p.P90, p.P99, p.P999 = at(50), at(90), at(99), at(99.9)
		p.Max = time.Duration(h.Max()) * time.Microsecond
	}
	return p
}
