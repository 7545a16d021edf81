//go:build unix

package process_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func echo(_ context.Context, b []byte) ([]byte, error) { return b, nil }

var _ = parfor.Register(echo)

func BenchmarkMapInt(b *testing.B) {
	p := pool(b, 2)
	items := upTo(b.N)
	b.ResetTimer()
	b.ReportAllocs()
	if _, err := parfor.Map(b.Context(), items, double, parfor.On(p)); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
}

func BenchmarkMapKiB(b *testing.B) {
	p := pool(b, 2)
	items := make([][]byte, b.N)
	shared := make([]byte, 1024)
	for i := range items {
		items[i] = shared
	}
	// The first touch of a page costs more than all the rest: a second run
	// finds the heap and the rings warm.
	if _, err := parfor.Map(b.Context(), items, echo, parfor.On(p)); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	b.ResetTimer()
	if _, err := parfor.Map(b.Context(), items, echo, parfor.On(p)); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "M/s")
}

func BenchmarkRoundTrip(b *testing.B) {
	p := pool(b, 1)
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		if _, err := parfor.Submit(b.Context(), p, double, 1).Result(b.Context()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns-p50")
}

func BenchmarkSubmit(b *testing.B) {
	p := pool(b, 2)
	fs := make([]*parfor.Future[int, int], 0, b.N)
	for b.Loop() {
		fs = append(fs, parfor.Submit(b.Context(), p, double, 1))
	}
	for _, f := range fs {
		if _, err := f.Result(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e3, "k/s")
}

func BenchmarkCold2(b *testing.B) { cold(b, 2) }
func BenchmarkCold8(b *testing.B) { cold(b, 8) }

func cold(b *testing.B, n int) {
	for b.Loop() {
		p, err := process.NewPool(b.Context(), n)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := parfor.Submit(b.Context(), p, double, 1).Result(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Close()
		b.StartTimer()
	}
}
