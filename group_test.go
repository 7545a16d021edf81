package parfor_test

import (
	"context"
	"testing"

	"parfor.dev/parfor"
)

func halves(ctx context.Context, n int) (int, error) {
	if n > 1 {
		if err := parfor.Add(ctx, n/2, n-n/2); err != nil {
			return 0, err
		}
		return 0, nil
	}
	return 1, nil
}

func TestGroupSmoke(t *testing.T) {
	for _, opts := range [][]parfor.Option{nil, {parfor.InOrder()}, {parfor.Window(1)}, {parfor.On(parfor.Sequential())}} {
		n, leaves := 0, 0
		for r, err := range parfor.Group(t.Context(), []int{1000, 24}, halves, opts...) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			leaves += r.Out
		}
		if n != 2*1024-2 || leaves != 1024 {
			t.Errorf("%d tasks, %d leaves", n, leaves)
		}
	}
}

func BenchmarkGroup(b *testing.B) {
	for b.Loop() {
		for _, err := range parfor.Group(b.Context(), []int{1 << 16}, halves) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
