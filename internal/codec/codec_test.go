package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/internal/codec"
)

type (
	status int
	ratio  float32
	yes    bool
	text   string
	ids    []status
	point  struct{ X, Y float64 }
	sparse struct {
		A bool
		B int64
		C [3]uint16
		D struct{ E, F int32 }
		G complex64
		H bool
	}
	tagged struct {
		A int `json:"a"`
	}
)

func check[T any](t *testing.T, values ...T) {
	t.Helper()
	c := codec.Of[T]()
	for _, v := range values {
		b, err := c.Append([]byte{9}, &v)
		if err != nil || b[0] != 9 {
			t.Fatalf("%T: %v", v, err)
		}
		put, err := c.Put([]byte{9}, v)
		if err != nil || !bytes.Equal(put, b) {
			t.Errorf("%T: Put gives % x, Append % x", v, put, b)
		}
		b = b[1:]
		if c.Fixed > 0 && len(b) != c.Fixed {
			t.Errorf("%T: %d bytes, Fixed says %d", v, len(b), c.Fixed)
		}
		got := values[0] // stale
		if err := c.Decode(b, &got); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%T: got %#v, want %#v (%v)", v, got, v, err)
		}
		got, err = c.Get(b)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%T: Get gives %#v, want %#v (%v)", v, got, v, err)
		}
		clear(b) // the value must not alias it
		if !reflect.DeepEqual(got, v) {
			t.Errorf("%T: the value aliases its encoding", v)
		}
		if c.Fixed > 0 {
			if _, err := c.Get(make([]byte, c.Fixed+1)); err == nil {
				t.Errorf("%T: a byte too many is accepted", v)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	check(t, 1, 0, -1, math.MinInt, math.MaxInt)
	check[int8](t, 1, -128)
	check[uint16](t, 1, 65535)
	check[int32](t, 1, math.MinInt32)
	check[uint64](t, 1, math.MaxUint64)
	check[uintptr](t, 1, math.MaxUint32)
	check[int64](t, 1, math.MinInt64)
	check[uint](t, 1, math.MaxUint)
	check[status](t, 200, -1)
	check[ratio](t, 0.5, ratio(math.Inf(1)))
	check[float64](t, 0.1, math.Copysign(0, -1), math.SmallestNonzeroFloat64)
	check[complex64](t, 1i, 2)
	check[complex128](t, 1i, 2)
	check[yes](t, true, false)
	check(t, time.Second, -1)
	check[text](t, "stale", "", "not \xff UTF-8")
	check(t, struct{}{})
	check(t, []byte{1}, nil, []byte{}, []byte("abc"))
	check(t, []int{1}, nil, []int{}, []int{-1, 1 << 30})
	check(t, ids{1}, nil, ids{}, ids{404})
	check(t, []bool{true}, nil, []bool{}, []bool{false, true})
	check(t, []complex64{1}, nil, []complex64{1i, 2})
	check(t, []string{"x"}, nil, []string{}, []string{"", "a", strings.Repeat("b", 300)})
	check(t, []text{"x"}, nil, []text{""})
	check(t, point{1, 2}, point{})
	check(t, sparse{H: true}, sparse{A: true, B: -5, C: [3]uint16{1, 2, 3}, G: 2i})
	check(t, [4]int{1}, [4]int{4, 3, 2, 1})
	check(t, [2]point{{1, 2}}, [2]point{{}, {3, 4}})
	check(t, url.URL{Host: "a"}, url.URL{Scheme: "https", Host: "example.org", Path: "/p"})
}

// NaN is not equal to itself: its bits are compared.
func TestNaN(t *testing.T) {
	want := math.Float64frombits(0x7ff8000000000123)
	b, _ := codec.Of[float64]().Put(nil, want)
	got, err := codec.Of[float64]().Get(b)
	if err != nil || math.Float64bits(got) != math.Float64bits(want) {
		t.Errorf("%x, %v", math.Float64bits(got), err)
	}
}

// The wire doesn't depend on the machine.
func TestLittleEndian(t *testing.T) {
	b, _ := codec.Of[int]().Put(nil, 0x0102)
	if !bytes.Equal(b, []byte{2, 1, 0, 0, 0, 0, 0, 0}) {
		t.Errorf("% x", b)
	}
	s := []uint16{0x0102}
	b, _ = codec.Of[[]uint16]().Append(nil, &s)
	if !bytes.Equal(b, []byte{1, 2, 1}) {
		t.Errorf("% x", b)
	}
}

// Padding must not travel: its bytes are whatever was in memory.
func TestPaddingStaysHome(t *testing.T) {
	type padded struct {
		A int8
		B int64
	}
	if n := codec.Of[padded]().Fixed; n != 9 {
		t.Errorf("%d bytes, want 9", n)
	}
	if n := codec.Of[tagged]().Fixed; n != 0 {
		t.Error("a tagged struct must keep its tags' meaning")
	}
}

func TestTime(t *testing.T) {
	in := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", -3600))
	b, err := codec.Of[time.Time]().Put(nil, in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.Of[time.Time]().Get(b)
	if err != nil || !got.Equal(in) || got.Nanosecond() != in.Nanosecond() {
		t.Errorf("%v, %v", got, err)
	}
}

func TestError(t *testing.T) {
	c := codec.Of[error]()
	for _, in := range []error{nil, io.EOF, fmt.Errorf("a: %w", io.EOF)} {
		b, err := c.Put(nil, in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Get(b)
		if err != nil || (got == nil) != (in == nil) || in != nil && !errors.Is(got, io.EOF) {
			t.Errorf("%v arrived as %v, %v", in, got, err)
		}
	}
}

func TestNoFallbackSaysWhatToImport(t *testing.T) {
	v := map[string]int{}
	_, err := codec.Of[map[string]int]().Append(nil, &v)
	if !errors.Is(err, codec.ErrNoFallback) || !strings.Contains(err.Error(), "map[string]int") || !strings.Contains(err.Error(), "import parfor.dev/parfor/process") {
		t.Errorf("got %v", err)
	}
	if err := codec.Of[map[string]int]().Decode(nil, &v); !errors.Is(err, codec.ErrNoFallback) {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) MarshalBinary() ([]byte, error)  { panic("no") }
func (*broken) UnmarshalBinary(b []byte) error { return errors.New("never") }

func TestMarshalerFailures(t *testing.T) {
	if _, err := codec.Of[broken]().Put(nil, broken{}); err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("got %v", err)
	}
	if _, err := codec.Of[broken]().Get([]byte{1}); err == nil || !strings.Contains(err.Error(), "codec_test.broken: never") {
		t.Errorf("got %v", err)
	}
}

func TestOfIsCached(t *testing.T) {
	if first, second := codec.Of[point](), codec.Of[point](); first != second {
		t.Error("two codecs for one type")
	}
}

func TestNumbersDontAllocate(t *testing.T) {
	c := codec.Of[int]()
	buf := make([]byte, 0, 8)
	if n := testing.AllocsPerRun(100, func() {
		b, _ := c.Put(buf, 12345)
		if v, _ := c.Get(b); v != 12345 {
			t.Error(v)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{2, 1, 'a', 0})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		again[int](t, b)
		again[bool](t, b)
		again[[]int32](t, b)
		again[[]bool](t, b)
		again[[]string](t, b)
		again[sparse](t, b)
		again[[3]uint8](t, b)
		again[string](t, b)
		again[[]byte](t, b)
	})
}

// again checks that whatever decodes encodes to something that decodes alike.
func again[T any](t *testing.T, b []byte) {
	c := codec.Of[T]()
	v, err := c.Get(b)
	if err != nil {
		return
	}
	e, err := c.Put(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.Get(e)
	if err != nil || fmt.Sprint(v) != fmt.Sprint(w) {
		t.Fatalf("%v became %v, %v", v, w, err)
	}
}

func BenchmarkInt(b *testing.B) {
	c := codec.Of[int]()
	buf := make([]byte, 0, 8)
	for i := 0; b.Loop(); i++ {
		e, _ := c.Put(buf, i)
		if v, _ := c.Get(e); v != i {
			b.Fatal(v)
		}
	}
}

func BenchmarkAppendInts(b *testing.B) {
	c := codec.Of[int]()
	items := make([]int, 1024)
	buf := make([]byte, 0, 8)
	for i := 0; b.Loop(); i++ {
		e, _ := c.Append(buf, &items[i&1023])
		_ = c.Decode(e, &items[i&1023])
	}
}

func BenchmarkStruct(b *testing.B) {
	c := codec.Of[point]()
	p := point{1, 2}
	var buf []byte
	for b.Loop() {
		buf, _ = c.Append(buf[:0], &p)
		_ = c.Decode(buf, &p)
	}
}
