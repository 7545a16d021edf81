package dict_test

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

type celsius float32

func TestAddAllNumbers(t *testing.T) {
	adds[int](t)
	adds[int8](t)
	adds[int16](t)
	adds[int32](t)
	adds[int64](t)
	adds[uint](t)
	adds[uint8](t)
	adds[uint16](t)
	adds[uint32](t)
	adds[uint64](t)
	adds[float32](t)
	adds[float64](t)
	adds[celsius](t)
	adds[time.Duration](t)
	if got := dict.Sum(2+3i, 1i); got != 2+4i {
		t.Errorf("a complex sum is %v", got)
	}
	b := fresh[int, int8](t)
	b.Set(bg, 1, math.MaxInt8)
	b.Add(bg, 1, 1)
	wants(t, bg, b, map[int]int8{1: math.MinInt8})
}

func adds[N int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | float32 | float64 | celsius | time.Duration](t *testing.T) {
	t.Helper()
	if got := dict.Sum[N](40, 2); got != 42 {
		t.Errorf("40 + 2 = %v for %T", got, got)
	}
}

type tree struct {
	Name  string
	Left  *tree
	Leafs []*tree
	Attrs map[string][]int
	Fix   [2][]byte
	At    time.Time
	Big   *big.Int
}

func sapling() *tree {
	return &tree{
		Name: "root", Left: &tree{Name: "left"}, Leafs: []*tree{nil, {Name: "leaf"}},
		Attrs: map[string][]int{"a": {1, 2}, "nil": nil}, Fix: [2][]byte{{1}, {2}}, At: time.Unix(5, 6), Big: big.NewInt(77),
	}
}

func shake(x *tree) {
	x.Left.Name, x.Leafs[1].Name, x.Attrs["a"][0], x.Fix[1][0] = "!", "!", 99, 99
	x.Attrs["new"] = nil
	x.Big.SetInt64(99)
}

func TestD16_ValuesAreCopiedInAndOut(t *testing.T) {
	d := fresh[int, *tree](t)
	check := func(when string, v *tree, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(v, sapling()) {
			t.Fatalf("%s: %+v, %v", when, v, err)
		}
	}
	in := sapling()
	d.Set(bg, 1, in)
	shake(in)
	for _, when := range []string{"after the source changed", "after the copy changed"} {
		v, _, err := d.Get(bg, 1)
		check(when, v, err)
		shake(v)
	}
	m, err := d.Snapshot(bg)
	check("in a snapshot", m[1], err)
	shake(m[1])
	for _, v := range d.All(bg) {
		check("in an iteration", v, nil)
		shake(v)
	}
	c := attempt(nil)
	in = sapling()
	d.Set(c, 2, in)
	shake(in)
	v, _, err := d.Get(c, 2)
	check("in the task", v, err)
	shake(v)
	finish(t, c, true)
	v, _, err = d.Get(bg, 2)
	check("after the task", v, err)

	loop := &tree{}
	loop.Left = loop
	if err := d.Set(bg, 3, loop); err == nil {
		t.Error("a value that contains itself is taken")
	}

	shared := fresh[int, []byte](t, dict.Immutable())
	b := []byte("x")
	shared.Set(bg, 1, b)
	if got, _, _ := shared.Get(bg, 1); &got[0] != &b[0] {
		t.Error("an immutable value was copied")
	}
	bytes := fresh[int, []byte](t)
	bytes.Set(bg, 1, b)
	bytes.Set(bg, 2, nil)
	bytes.Set(bg, 3, []byte{})
	if got, _, _ := bytes.Get(bg, 1); &got[0] == &b[0] {
		t.Error("bytes were not copied")
	}
	if got, ok, _ := bytes.Get(bg, 2); got != nil || !ok {
		t.Error("nil is not nil any more")
	}
	if got, _, _ := bytes.Get(bg, 3); got == nil {
		t.Error("empty became nil")
	}
}

type withPointer struct{ In struct{ Owner *int } }

//lint:ignore U1000 what the field holds is lost, which is the point
type hidden struct{ secret int }
type skipped struct {
	A int `json:"-"`
}

func TestD16_WhatCannotWorkIsRefused(t *testing.T) {
	for _, c := range []struct {
		err  error
		says string
	}{
		{makes[*int, int](), "the key type *int is a ptr"},
		{makes[any, int](), "is a interface"},
		{makes[withPointer, int](), "the key's field In.Owner is a ptr"},
		{makes[[2]chan int, int](), "[…]"},
		{makes[int, func()](), "func()"},
		{makes[int, map[string]chan int](), "channel|chan int"},
		{makes[int, []any](), "use a concrete type"},
		{makes[int, []hidden](), "secret would be lost"},
		{makes[int, skipped](), "field A would be lost"},
	} {
		if c.err == nil {
			t.Errorf("accepted what should say %q", c.says)
			continue
		}
		found := false
		for s := range strings.SplitSeq(c.says, "|") {
			found = found || strings.Contains(c.err.Error(), s)
		}
		if !found {
			t.Errorf("%q lacks %q", c.err, c.says)
		}
	}
	if err := makes[time.Time, int](); err == nil { // it has a pointer inside
		t.Error("time.Time is a key")
	}
	if err := errors.Join(makes[struct{}, int](), makes[[3]float32, time.Time](), makes[complex64, *big.Int](), makes[bool, struct{}]()); err != nil {
		t.Error(err)
	}
}

func makes[K comparable, V any]() error { return dict.Refused[K, V]() }

func TestD16_MakeRefuses(t *testing.T) {
	if _, err := dict.Make[*int, int](bg); err == nil || !strings.Contains(err.Error(), "the key type *int is a ptr") {
		t.Error(err)
	}
	if _, err := dict.Make[int, func()](bg); err == nil || !strings.Contains(err.Error(), "func()") {
		t.Error(err)
	}
}

func TestD16_FloatKeys(t *testing.T) {
	d := fresh[struct{ F [2]float64 }, int](t)
	type key = struct{ F [2]float64 }
	neg := math.Copysign(0, -1)
	d.Add(bg, key{[2]float64{0, neg}}, 1)
	d.Add(bg, key{[2]float64{neg, 0}}, 1)
	for k, v := range d.All(bg) {
		if v != 2 || math.Signbit(k.F[0]) || math.Signbit(k.F[1]) {
			t.Errorf("0 and -0 give %v: %d", k, v)
		}
	}
	if _, _, err := d.Get(bg, key{[2]float64{math.NaN(), 0}}); !errors.Is(err, dict.ErrKey) {
		t.Errorf("Get of NaN: %v", err)
	}
	if err := d.Update(bg, map[key]int{{[2]float64{1, 1}}: 1, {[2]float64{1, math.NaN()}}: 1}); !errors.Is(err, dict.ErrKey) {
		t.Errorf("Update with NaN: %v", err)
	}
	if n, _ := d.Len(bg); n != 1 {
		t.Errorf("a refused Update left entries: %d", n)
	}
}

// TestD16_KeysRoundTrip sends keys of all shapes through the encoding.
func TestD16_KeysRoundTrip(t *testing.T) {
	roundTrips(t, 0, -1, math.MaxInt, math.MinInt)
	roundTrips(t, "", "a", "a\x00", "\xff\xfe", strings.Repeat("long", 1000))
	roundTrips(t, true, false)
	roundTrips(t, uint8(255), 0)
	roundTrips(t, int16(-300), 300)
	roundTrips[float32](t, 1.5, float32(math.Inf(-1)))
	roundTrips[complex64](t, 1+2i)
	roundTrips[complex128](t, 1+2i, -1i)
	roundTrips(t, [3]string{"a", "", "b"}, [3]string{"", "a", "b"})
	roundTrips(t, [32]byte{1, 31: 2})
	roundTrips(t, struct{}{})
	roundTrips(t, struct {
		a  uint32
		b  [2]struct{ s string }
		up uintptr
	}{1, [2]struct{ s string }{{"x"}, {"y"}}, 9})
}

func roundTrips[K comparable](t *testing.T, ks ...K) {
	t.Helper()
	for _, k := range ks {
		if got, off, err := dict.ThroughWire(k); got != k || off != 0 || err != nil {
			t.Errorf("%#v comes back as %#v, %d bytes off, %v", k, got, off, err)
		}
	}
}

// TestD16_StructKeysTravel sends such keys to the owner, and back.
func TestD16_StructKeysTravel(t *testing.T) {
	type key = struct{ F [2]float64 }
	d := fresh[key, int](t)
	if _, err := d.MarshalBinary(); err != nil { // it is known to others from now on
		t.Fatal(err)
	}
	c := attempt(nil)
	want := map[key]int{}
	for i := range 3 {
		k := key{[2]float64{float64(i), 1}}
		want[k] = i
		d.Set(c, k, i)
	}
	b, err := c.Seal().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writeset.CommitEncoded(b, task.Ticket{}); err != nil {
		t.Fatal(err)
	}
	wants(t, bg, d, want)
	c = attempt(nil)
	asWorker(t, func() { wants(t, c, d, want) })
}
