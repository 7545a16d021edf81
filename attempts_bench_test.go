package parfor_test

import (
	"context"
	"testing"

	"parfor.dev/parfor"
)

// BenchmarkAttempts is per item: what a loop whose tasks may wait costs.
func BenchmarkAttempts(b *testing.B) {
	items := parfor.Range(10_000)
	body := func(_ context.Context, n int) (int, error) { return n, nil }
	for _, c := range []struct {
		name string
		opts []parfor.Option
	}{
		{"without", nil},
		{"Attempts(3)", []parfor.Option{parfor.Attempts(3)}},
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
