package cborcodec_test

import (
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

type cell struct{ X, Y int }

func TestMapKeys(t *testing.T) {
	same(t, map[[2]int]string{{1, 2}: "a", {0, -1}: ""})
	same(t, map[cell]int{{1, 2}: 3})
	same(t, map[float64]int{0.5: 1, math.Inf(1): 2})
	same(t, map[bool]int{true: 1, false: 2})
	same(t, map[netip.Addr]int{netip.MustParseAddr("::1"): 1})
	same(t, map[time.Month][]cell{1: {{1, 1}}, 2: nil, 3: {}})
	same(t, map[string]*cell{"": nil, "a": {}})
	same(t, map[[3]byte]int{{1}: 1})
	same(t, map[string]struct{}{"a": {}})
}

func TestPointers(t *testing.T) {
	n := 5
	p := &n
	same(t, &p)
	same(t, []*int{nil, p})
	same(t, struct{ E, P *struct{} }{P: &struct{}{}})
	same(t, [][]string{nil, {}, {"x"}})
	same(t, [][]byte{nil, {}, {1}})
	same(t, []time.Time{{}, time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)})
	same(t, [][2]bool{{true, false}})
	same(t, struct{ C, D any }{})
}

func same[T any](t *testing.T, v T) {
	t.Helper()
	if got := roundTrip(t, v); !reflect.DeepEqual(got, v) {
		t.Errorf("got %#v, want %#v", got, v)
	}
}
