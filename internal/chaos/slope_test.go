//go:build linux

package main

import (
	"math/rand/v2"
	"testing"
)

// The test that a soak ends with fails for what grows under noise, and not for
// noise, nor for what grows only at first.
func TestSlope(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noisy := func(f func(i int) float64) *series {
		s := &series{name: "x", unit: 1, slack: 4}
		for i := range 60 {
			s.add(float64(10*i), f(i)+20*rng.Float64())
		}
		return s
	}
	for _, c := range []struct {
		name string
		flat bool
		f    func(i int) float64
	}{
		{"flat", true, func(int) float64 { return 100 }},
		{"warms up", true, func(i int) float64 { return 100 + 10*float64(min(i, 10)) }},
		{"peaks", true, func(i int) float64 {
			if i%9 == 0 {
				return 1000
			}
			return 100
		}},
		{"shrinks", true, func(i int) float64 { return 500 - float64(i) }},
		{"grows", false, func(i int) float64 { return 100 + float64(i) }},
		{"grows in steps", false, func(i int) float64 { return 100 + 20*float64(i/15) }},
	} {
		if err := noisy(c.f).flat(); (err == nil) != c.flat {
			by, typical := noisy(c.f).growth()
			t.Errorf("%s: %v; growth %.1f of %.1f", c.name, err, by, typical)
		}
	}
	short := &series{name: "short", unit: 1}
	for i := range fewest - 1 {
		short.add(float64(i), 1)
	}
	if short.flat() == nil {
		t.Error("a few samples were enough")
	}
}
