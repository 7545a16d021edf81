package parfor_test

import (
	"context"
	"strconv"
	"testing"

	"parfor.dev/parfor"
)

// BenchmarkGate is per item: what rates, limits, Auto and a Control cost a loop
// whose bodies do nothing.
func BenchmarkGate(b *testing.B) {
	items := parfor.Range(10_000)
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	body := func(_ context.Context, n int) (int, error) { return n, nil }
	for _, c := range []struct {
		name string
		opts []parfor.Option
	}{
		{"none", nil},
		{"Rate", []parfor.Option{parfor.Rate(1e9, 1000)}},
		{"LimitBy 100 keys", []parfor.Option{parfor.LimitBy(func(n int) string { return keys[n%100] }, parfor.Limit{InFlight: 100})}},
		{"Auto", []parfor.Option{parfor.Auto()}},
		{"WithControl", []parfor.Option{parfor.WithControl(new(parfor.Control))}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i += len(items) {
				if _, err := parfor.Map(b.Context(), items, body, c.opts...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
