//go:build unix

package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func TestLargePayloadsBothWays(t *testing.T) {
	p := pool(t, 2)
	sizes := []int{0, 1, 31, 32, 33, 1000, 200_000, 300_000, 1 << 20, 5 << 20, 64 << 20, 1, 300_000, 300_000, 300_000, 300_000}
	items := make([][]byte, len(sizes))
	for i, n := range sizes {
		items[i] = bytes.Repeat([]byte{byte(i + 1)}, n)
	}
	out, err := parfor.Map(t.Context(), items, echo, parfor.On(p))
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		if !bytes.Equal(out[i], items[i]) {
			t.Errorf("item %d of %d bytes came back as %d", i, len(items[i]), len(out[i]))
		}
	}
}

// Large items and results are made of the memory they arrived in: what comes next
// must not be written there.
func TestLargePayloadsAreTheirOwn(t *testing.T) {
	for _, k := range []int{1, 3} {
		p := pool(t, 1, process.ItemsPerWorker(k))
		items := make([][]int64, 6)
		for i := range items {
			items[i] = slices.Repeat([]int64{int64(i) << 40}, 300_000)
		}
		out, err := parfor.Map(t.Context(), items, withFormer, parfor.On(p))
		if err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if !slices.Equal(out[i], items[i]) {
				t.Errorf("%d at once: item %d came back as another", k, i)
			}
		}
		texts, err := parfor.Map(t.Context(), items, asText, parfor.On(p))
		if err != nil {
			t.Fatal(err)
		}
		for i := range texts {
			if texts[i] != strings.Repeat(fmt.Sprint(i), 300_000) {
				t.Errorf("%d at once: text %d came back as another", k, i)
			}
		}
	}
}

// former is what tasks of this worker had before.
var former struct {
	sync.Mutex
	items [][]int64
}

// withFormer fails if a former item has changed.
func withFormer(_ context.Context, in []int64) ([]int64, error) {
	former.Lock()
	defer former.Unlock()
	for _, f := range former.items {
		if slices.ContainsFunc(f, func(n int64) bool { return n != f[0] }) || f[0] == in[0] {
			return nil, errors.New("an item was written over")
		}
	}
	former.items = append(former.items, in)
	return in, nil
}

func asText(_ context.Context, in []int64) (string, error) {
	return strings.Repeat(fmt.Sprint(in[0]>>40), len(in)), nil
}

var (
	_ = parfor.Register(withFormer)
	_ = parfor.Register(asText)
)

func TestPayloadsOfAllSizesWrapTheRings(t *testing.T) {
	for _, k := range []int{1, 4} {
		p := pool(t, 2, process.ItemsPerWorker(k))
		rng := rand.New(rand.NewPCG(1, 2))
		items := make([][]byte, 4000)
		for i := range items {
			n := rng.IntN(40)
			switch rng.IntN(20) {
			case 0:
				n = rng.IntN(20_000)
			case 1:
				n = rng.IntN(2000)
			}
			items[i] = make([]byte, n)
			for j := range items[i] {
				items[i][j] = byte(rng.Uint32())
			}
		}
		out, err := parfor.Map(t.Context(), items, echo, parfor.On(p))
		if err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if !bytes.Equal(out[i], items[i]) {
				t.Fatalf("k=%d: item %d of %d bytes came back as %d", k, i, len(items[i]), len(out[i]))
			}
		}
	}
}

type stubborn struct{ N int }

func (s stubborn) MarshalBinary() ([]byte, error) {
	if s.N < 0 {
		return nil, errors.New("won't travel")
	}
	return []byte{byte(s.N)}, nil
}

func (s *stubborn) UnmarshalBinary(b []byte) error {
	if len(b) != 1 {
		return errors.New("bad length")
	}
	s.N = int(b[0])
	return nil
}

func stubbornly(_ context.Context, n int) (stubborn, error)   { return stubborn{n}, nil }
func fromStubborn(_ context.Context, s stubborn) (int, error) { return s.N, nil }

var (
	_ = parfor.Register(stubbornly)
	_ = parfor.Register(fromStubborn)
)

func TestC37_ResultThatCannotBeEncoded(t *testing.T) {
	p := pool(t, 1)
	before := pidOf(t, p)
	items := upTo(40)
	for i := 1; i < 40; i += 2 {
		items[i] = -1
	}
	out, err := parfor.Map(t.Context(), items, stubbornly, parfor.On(p), parfor.KeepGoing())
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 20 || !strings.Contains(err.Error(), "won't travel") {
		t.Fatalf("got %v", err)
	}
	if out[38].N != 38 {
		t.Error("a good result is gone")
	}
	if pidOf(t, p) != before {
		t.Error("the worker was replaced")
	}
}

func TestC35_ItemThatCannotBeEncoded(t *testing.T) {
	p := pool(t, 1)
	out, err := parfor.Map(t.Context(), []stubborn{{1}, {-1}, {3}}, fromStubborn, parfor.On(p), parfor.KeepGoing())
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 1 || out[2] != 3 {
		t.Errorf("%v, %v", out, err)
	}
}
