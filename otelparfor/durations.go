package otelparfor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"parfor.dev/parfor/observe"
)

// Durations is the histogram parfor.task.duration: how long attempts took, by
// loop and executor. Give it to a metric reader as a producer and to [New]
// with [WithDurations]; the zero value is ready. It may be asked at any time.
//
//	var durations otelparfor.Durations
//	reader := sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithProducer(&durations))
//
// A frame brings whole histograms, and the API of OpenTelemetry only takes
// single measurements: to record what a frame brings would be a call for each
// task. A producer hands the counts over as they are. The bounds are those of
// parfor's own buckets, powers of two less a nanosecond, so that every count is
// exact; the sum is that of the middles of the finer buckets, within 1/32 of
// the truth (parfor.worker.busy.time is exact). It is cumulative, whatever
// temporality the reader prefers.
type Durations struct {
	mu     sync.Mutex
	begin  time.Time
	series map[attribute.Distinct]*series
	order  []*series
}

// series are the durations with one set of attributes.
type series struct {
	attributes attribute.Set
	counts     [len(bounds) + 1]uint64
	n          uint64
	sum        float64
}

// Bounds from 1 µs to 137 s.
const firstBound, lastBound = 10, 37

// bounds are upper bounds in nanoseconds, each included.
var bounds = func() (b [lastBound - firstBound + 1]time.Duration) {
	for i := range b {
		b[i] = 1<<(firstBound+i) - 1
	}
	return b
}()

// add counts what is in now and wasn't in before.
func (d *Durations) add(attributes attribute.Set, now, before observe.Hist) {
	if now.Count() == before.Count() {
		return
	}
	var fresh [observe.Buckets]int64
	for i, n := range now.All() {
		fresh[i] += n
	}
	for i, n := range before.All() {
		fresh[i] -= n
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.of(attributes)
	for i, n := range fresh {
		if n <= 0 {
			continue
		}
		low, high := observe.BucketRange(i)
		s.counts[place(high)] += uint64(n)
		s.n += uint64(n)
		s.sum += seconds(low+(high-low)/2) * float64(n)
	}
}

// place is the number of the bucket that ends at or after d.
func place(d time.Duration) int {
	for i, b := range bounds {
		if d <= b {
			return i
		}
	}
	return len(bounds)
}

func (d *Durations) of(attributes attribute.Set) *series {
	if d.series == nil {
		d.begin = time.Now()
		d.series = map[attribute.Distinct]*series{}
	}
	s := d.series[attributes.Equivalent()]
	if s == nil {
		s = &series{attributes: attributes}
		d.series[attributes.Equivalent()] = s
		d.order = append(d.order, s)
	}
	return s
}

// Produce returns the histogram, or nothing if no task was timed. It is called
// by the reader it was given to.
func (d *Durations) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.order) == 0 {
		return nil, nil
	}
	h := metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality}
	now := time.Now()
	for _, s := range d.order {
		p := metricdata.HistogramDataPoint[float64]{
			Attributes: s.attributes, StartTime: d.begin, Time: now, Count: s.n, Sum: s.sum,
			BucketCounts: append([]uint64(nil), s.counts[:]...),
		}
		for _, b := range bounds {
			p.Bounds = append(p.Bounds, seconds(b))
		}
		h.DataPoints = append(h.DataPoints, p)
	}
	return []metricdata.ScopeMetrics{{
		Scope: instrumentation.Scope{Name: scope, Version: version},
		Metrics: []metricdata.Metrics{{
			Name: "parfor.task.duration", Unit: "s", Description: "How long attempts took.", Data: h,
		}},
	}}, nil
}
