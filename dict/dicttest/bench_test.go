package dicttest_test

import (
	"context"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func addOne(ctx context.Context, n int) error { return visits.Add(ctx, "n", 1) }

func setOne(ctx context.Context, n int) error { return byNumber.Set(ctx, n, n) }

func nothing(context.Context, int) error { return nil }

var (
	_ = parfor.RegisterEach(addOne)
	_ = parfor.RegisterEach(setOne)
	_ = parfor.RegisterEach(nothing)
)

// BenchmarkTasks is a loop whose tasks do one dictionary operation each,
// beside the same loop without one.
func BenchmarkTasks(b *testing.B) {
	pool, err := process.NewPool(b.Context(), 2)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { pool.Close() })
	for _, x := range []struct {
		name string
		on   parfor.Executor
	}{{"goroutines", parfor.Goroutines(2)}, {"processes", pool}} {
		for _, body := range []struct {
			name string
			fn   func(context.Context, int) error
		}{{"none", nothing}, {"add", addOne}, {"set", setOne}} {
			b.Run(x.name+"/"+body.name, func(b *testing.B) {
				if err := parfor.Each(b.Context(), parfor.Range(b.N), body.fn, parfor.On(x.on)); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtask/s")
			})
		}
	}
}
