package process_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(leak.Around(m)) }

var errOdd = errors.New("odd")

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

var _ = parfor.Register(double)

// pool opens a pool for one test.
func pool(t testing.TB, n int, opts ...process.Option) *process.Pool {
	t.Helper()
	p, err := process.NewPool(t.Context(), n, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return p
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// soon is long enough for anything that works, on the busiest machine.
const soon = 20 * time.Second

func TestC02_MapEqualsSequential(t *testing.T) {
	p := pool(t, 2)
	for _, n := range []int{0, 1, 2, 7, 1000, 50_000} {
		out, err := parfor.Map(t.Context(), upTo(n), double, parfor.On(p))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range out {
			if v != 2*i {
				t.Fatalf("item %d of %d: %d", i, n, v)
			}
		}
	}
}
