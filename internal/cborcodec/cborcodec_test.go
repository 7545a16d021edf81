package cborcodec_test

import (
	"bytes"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	_ "parfor.dev/parfor/internal/cborcodec"
	"parfor.dev/parfor/internal/codec"
)

type inner struct {
	Name string `json:"n,omitempty"`
	Tags []string
}

type outer struct {
	inner2
	ID    [4]byte
	When  time.Time
	Wait  time.Duration
	Inner *inner
	Map   map[string][]inner
	Big   *big.Int
	Rat   *big.Rat
	Addr  netip.Addr
	URL   *url.URL
	Raw   []byte
	Nil   []int
	Empty []int
	F     float64
}

type inner2 struct{ Deep int }

func roundTrip[T any](t *testing.T, v T) T {
	t.Helper()
	c := codec.Of[T]()
	b, err := c.Append([]byte("head"), &v)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if !bytes.HasPrefix(b, []byte("head")) {
		t.Fatal("what was in dst is gone")
	}
	got := v // stale on purpose: Decode must not merge into it
	if err := c.Decode(b[4:], &got); err != nil {
		t.Fatalf("decode: %v", err)
	}
	return got
}

func TestRoundTrip(t *testing.T) {
	u, _ := url.Parse("https://user@example.org/a?b=c")
	in := outer{
		inner2: inner2{7},
		ID:     [4]byte{1, 2, 3, 4},
		When:   time.Date(2026, 5, 4, 3, 2, 1, 123456789, time.FixedZone("", 2*3600)),
		Wait:   3 * time.Second,
		Inner:  &inner{Name: "not \xff UTF-8"},
		Map:    map[string][]inner{"a": {{Name: "x", Tags: []string{}}}, "b": nil},
		Big:    new(big.Int).Lsh(big.NewInt(1), 200),
		Rat:    big.NewRat(2, 3),
		Addr:   netip.MustParseAddr("10.0.0.1"),
		URL:    u,
		Raw:    []byte{0, 255},
		Empty:  []int{},
		F:      math.Inf(-1),
	}
	got := roundTrip(t, in)
	if !got.When.Equal(in.When) || got.When.Format(time.RFC3339Nano) != in.When.Format(time.RFC3339Nano) {
		t.Errorf("time %v, want %v", got.When, in.When)
	}
	got.When = in.When
	if got.Rat.Cmp(in.Rat) != 0 {
		t.Errorf("rat %v", got.Rat)
	}
	got.Rat = in.Rat
	if !reflect.DeepEqual(got, in) {
		t.Errorf("got  %+v\nwant %+v", got, in)
	}
	if got.Nil != nil || got.Empty == nil {
		t.Error("nil and empty must stay what they are")
	}
}

func TestZeroStaysZero(t *testing.T) {
	got := roundTrip(t, outer{})
	if !reflect.DeepEqual(got, outer{}) {
		t.Errorf("got %+v", got)
	}
}

// The library's own limit is 131072.
func TestManyElements(t *testing.T) {
	if got := roundTrip(t, make([]cell, 140_000)); len(got) != 140_000 {
		t.Error(len(got))
	}
}

type node struct {
	Next *node
	Kids map[string]*node
}

func TestCycleIsAnError(t *testing.T) {
	n := &node{}
	n.Next = n
	_, err := codec.Of[*node]().Append(nil, &n)
	if err == nil || !strings.Contains(err.Error(), "points to itself") {
		t.Fatalf("got %v", err)
	}
	chain := &node{}
	for range 200 {
		chain = &node{Next: chain}
	}
	got := roundTrip(t, chain)
	if !reflect.DeepEqual(got, chain) {
		t.Error("a chain of 200 differs")
	}
}

type panics struct{ S string }

func (panics) MarshalBinary() ([]byte, error) { panic("no") }
func (*panics) UnmarshalBinary([]byte) error  { panic("no") }

// chain is recursive inside, but one string on the wire.
type chain struct{ next *chain }

func (c *chain) MarshalText() ([]byte, error) { return []byte("chain"), nil }
func (c *chain) UnmarshalText([]byte) error   { return nil }

type branch struct {
	Chain *chain
	Below []branch
}

// A handle of a shared dictionary points to a store that other goroutines
// write to: its insides are not ours to walk.
func TestTypesThatEncodeThemselvesAreNotWalked(t *testing.T) {
	c := &chain{}
	c.next = c
	if _, err := codec.Of[*chain]().Append(nil, &c); err != nil {
		t.Error(err)
	}
	if _, err := codec.Of[branch]().Append(nil, &branch{c, []branch{{Chain: c}}}); err != nil {
		t.Error(err)
	}
}

func TestPanickingMethodIsAnError(t *testing.T) {
	v := struct{ P panics }{}
	if _, err := codec.Of[struct{ P panics }]().Append(nil, &v); err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	c := codec.Of[outer]()
	for _, v := range []outer{{}, {Map: map[string][]inner{"k": {{}}}, Raw: []byte{1}, Inner: &inner{}}} {
		b, err := c.Append(nil, &v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v outer
		if c.Decode(b, &v) == nil {
			if _, err := c.Append(nil, &v); err != nil {
				t.Skip() // a time before year 0 decodes but has no text form
			}
		}
		var n *node
		_ = codec.Of[*node]().Decode(b, &n)
	})
}
