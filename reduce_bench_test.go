package parfor_test

import (
	"context"
	"testing"

	"parfor.dev/parfor"
)

// BenchmarkReduce stands beside Map and a pass over its results, and ByKey,
// each over a million items.
func BenchmarkReduce(b *testing.B) {
	items := parfor.Range(1_000_000)
	body := func(_ context.Context, n int) (int, error) { return n & 3, nil }
	plus := func(a, b int) int { return a + b }
	const want = 1_500_000
	for _, way := range []struct {
		name string
		run  func() (int, error)
	}{
		{"Reduce", func() (int, error) { return parfor.Reduce(b.Context(), items, body, plus) }},
		{"Reduce InOrder", func() (int, error) { return parfor.Reduce(b.Context(), items, body, plus, parfor.InOrder()) }},
		{"Map and a pass", func() (int, error) {
			out, err := parfor.Map(b.Context(), items, body)
			sum := 0
			for _, n := range out {
				sum += n
			}
			return sum, err
		}},
		{"ByKey and a pass", func() (int, error) {
			m, err := parfor.ByKey(b.Context(), items, body)
			sum := 0
			for _, n := range m {
				sum += n
			}
			return sum, err
		}},
		{"Associate and a pass", func() (int, error) {
			m, err := parfor.Associate(b.Context(), items, func(_ context.Context, n int) (parfor.KV[int, int], error) {
				return parfor.KV[int, int]{Key: n, Value: n & 3}, nil
			})
			sum := 0
			for _, n := range m {
				sum += n
			}
			return sum, err
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := way.run(); got != want || err != nil {
					b.Fatal(got, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/item")
		})
	}
}
