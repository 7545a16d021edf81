package request

import (
	"sync"
	"testing"
	"time"
)

func TestLatency(t *testing.T) {
	l := NewLatency()
	start := time.Now()
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 250 {
				n := time.Duration(w*250 + i + 1) // 1 to 1000
				l.Add(start, start.Add(time.Second), n*time.Millisecond)
			}
		})
	}
	all.Wait()
	service, response := l.Summary()
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if d := got - want; d < -want/500 || d > want/500 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	if service.Count != 1000 || response.Count != 1000 {
		t.Errorf("%d and %d", service.Count, response.Count)
	}
	near("p50", service.P50, 500*time.Millisecond)
	near("p90", service.P90, 900*time.Millisecond)
	near("p99", service.P99, 990*time.Millisecond)
	near("p99.9", service.P999, 999*time.Millisecond)
	near("max", service.Max, time.Second)
	near("response p50", response.P50, 1500*time.Millisecond)
}

func TestLatencyExtremes(t *testing.T) {
	l := NewLatency()
	if s, _ := l.Summary(); s != (Percentiles{}) {
		t.Errorf("%+v of nothing", s)
	}
	l.Add(time.Time{}, time.Now(), -time.Second)
	l.Add(time.Time{}, time.Now(), 100*time.Hour)
	s, r := l.Summary()
	if s.Count != 2 || s.P50 != time.Microsecond || s.Max < 5*time.Hour || r.Count != 0 {
		t.Errorf("%+v %+v", s, r)
	}
}
