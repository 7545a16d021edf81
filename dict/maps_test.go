package dict_test

import (
	"testing"

	"parfor.dev/parfor/dict"
)

var _ = dict.RegisterCompute(withOne)

func withOne(old map[string]int, _ bool, n int) (map[string]int, bool) {
	if old == nil {
		old = map[string]int{}
	}
	old["n"] += n
	return old, true
}

// TestMapsAreEqualInAnyOrder compares values whose encodings differ from one
// time to the next.
func TestMapsAreEqualInAnyOrder(t *testing.T) {
	m := map[string]int{}
	for _, k := range "abcdefghijklmnopqrstuvwxyz" {
		m[string(k)] = int(k)
	}
	a, b := fresh[int, map[string]int](t), fresh[int, map[string]int](t)
	a.Set(bg, 1, m)
	b.Set(bg, 1, m)
	for range 20 {
		if same, err := a.Equal(bg, b); !same || err != nil {
			t.Fatal("equal maps differ", err)
		}
		c := attempt(nil)
		if _, _, err := dict.Compute(c, a, 1, withOne, 1); err != nil {
			t.Fatal(err)
		}
		finish(t, c, true) // a replay that comes out the same is no conflict
		b.Set(bg, 1, map[string]int{"n": 0})
		if same, _ := a.Equal(bg, b); same {
			t.Fatal("other maps are equal")
		}
		got, _, _ := a.Get(bg, 1)
		b.Set(bg, 1, got)
	}
}
