package stat

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{3}, 3}, {[]float64{3, 1}, 2}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{math.MaxFloat64, math.MaxFloat64}, math.MaxFloat64},
	} {
		if got := Median(c.in); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
	if lo, hi := Range(nil); !math.IsNaN(Median(nil)) || !math.IsNaN(lo) || !math.IsNaN(hi) {
		t.Error("no values must give NaN")
	}
	in := []float64{3, 1, 2}
	if Median(in); in[0] != 3 {
		t.Error("Median sorted its argument")
	}
}

// The expected values are small enough to be counted by hand, or come from
// printed tables of the distribution.
func TestMannWhitneyKnownValues(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b []float64
		u, p float64
	}{
		{"1 against 1", []float64{1}, []float64{2}, 0, 1},
		{"3 apart from 3: 2 of C(6,3)", []float64{1, 2, 3}, []float64{4, 5, 6}, 0, 0.1},
		{"5 apart from 5: 2 of C(10,5)", []float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}, 0, 2.0 / 252},
		{"the other way round", []float64{6, 7, 8, 9, 10}, []float64{1, 2, 3, 4, 5}, 25, 2.0 / 252},
		{"U = 2 at 5 and 5 (table: 4 of 252 below or at it, one side)", []float64{1, 2, 3, 4, 7}, []float64{5, 6, 8, 9, 10}, 2, 8.0 / 252},
		{"all the same", []float64{1, 1, 1}, []float64{1, 1, 1}, 4.5, 1},
		{"a tie: sums of ranks 1, 2.5, 2.5, 4", []float64{1, 2}, []float64{2, 3}, 0.5, 2.0 / 3},
		{"infinities rank like numbers", []float64{1, math.Inf(-1), 2}, []float64{math.Inf(1), 5, 6}, 0, 0.1},
	} {
		got, err := MannWhitney(c.a, c.b)
		if err != nil || !got.Exact || got.U != c.u || math.Abs(got.P-c.p) > 1e-12 {
			t.Errorf("%s: %+v, %v; want U = %v, p = %v", c.name, got, err, c.u, c.p)
		}
	}
}

// Every choice of ranks counted one by one, ties included, against the dynamic
// programme.
func TestMannWhitneyAgainstEnumeration(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 80 {
		a, b := make([]float64, 1+rng.IntN(5)), make([]float64, 1+rng.IntN(5))
		for i := range a {
			a[i] = float64(rng.IntN(6))
		}
		for i := range b {
			b[i] = float64(rng.IntN(6))
		}
		all := append(append([]float64(nil), a...), b...)
		observed := pairs(a, b)
		var low, high, total float64
		for mask := range 1 << len(all) {
			var x, y []float64
			for i, v := range all {
				if mask>>i&1 == 1 {
					x = append(x, v)
				} else {
					y = append(y, v)
				}
			}
			if len(x) != len(a) {
				continue
			}
			total++
			if u := pairs(x, y); u <= observed {
				low++
				if u == observed {
					high++
				}
			} else {
				high++
			}
		}
		want := min(1, 2*min(low, high)/total)
		got, err := MannWhitney(a, b)
		if err != nil || got.U != observed || math.Abs(got.P-want) > 1e-9 {
			t.Fatalf("%v against %v: %+v, %v; counted U = %v, p = %v", a, b, got, err, observed, want)
		}
		back, _ := MannWhitney(b, a)
		if math.Abs(back.P-got.P) > 1e-12 {
			t.Fatalf("%v against %v: p = %v, the other way round %v", a, b, got.P, back.P)
		}
	}
}

// pairs is the definition of U.
func pairs(a, b []float64) (u float64) {
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				u++
			case x == y:
				u += 0.5
			}
		}
	}
	return u
}

func TestMannWhitneyApproximation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		a, b := make([]float64, 30), make([]float64, 30)
		for i := range a {
			a[i], b[i] = math.Round(rng.NormFloat64()*20), math.Round(rng.NormFloat64()*20+float64(rng.IntN(20)))
		}
		exact, _ := MannWhitney(a, b)
		_, _, ties := doubledRanks(a, b)
		if approx := normalP(exact.U, len(a), len(b), ties); !exact.Exact || math.Abs(approx-exact.P) > 0.01 {
			t.Errorf("approximation %v, exact %v", approx, exact.P)
		}
	}
	a := make([]float64, 100)
	if got, err := MannWhitney(a, a); err != nil || got.Exact || got.P != 1 {
		t.Errorf("200 equal values: %+v, %v", got, err)
	}
}

func TestMannWhitneyRefuses(t *testing.T) {
	for _, c := range [][2][]float64{{nil, {1}}, {{1}, nil}, {{math.NaN()}, {1}}, {{1}, {math.NaN()}}} {
		if _, err := MannWhitney(c[0], c[1]); !errors.Is(err, ErrSamples) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
