package cluster_test

import (
	"testing"

	"parfor.dev/parfor"
)

func TestMap(t *testing.T) {
	x, s := ready(t, 2)
	for _, n := range []int{0, 1, 10, 3000} {
		out, err := parfor.Map(within(t), parfor.Range(n), square, parfor.On(x))
		if err != nil || len(out) != n {
			t.Fatalf("%d results of %d: %v", len(out), n, err)
		}
		for i, got := range out {
			if got != i*i {
				t.Fatalf("item %d: %d", i, got)
			}
		}
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, s.URL())
}
