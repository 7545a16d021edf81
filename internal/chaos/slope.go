//go:build linux

package main

import (
	"fmt"
	"slices"
)

// series is a quantity over time.
type series struct {
	name    string
	unit    float64 // that it is printed in
	slack   float64 // what it may grow by, beside a tenth of itself
	seconds []float64
	values  []float64
}

func (s *series) add(seconds, v float64) {
	s.seconds, s.values = append(s.seconds, seconds), append(s.values, v)
}

// growth is how much the quantity has grown, by the median of the slopes between
// any two samples (Theil and Sen): a few that are far off change nothing. The
// first fifth is the warming up.
func (s *series) growth() (by, typical float64) {
	x, y := s.seconds[len(s.seconds)/5:], s.values[len(s.values)/5:]
	var slopes []float64
	for i := range x {
		for j := range i {
			if x[i] > x[j] {
				slopes = append(slopes, (y[i]-y[j])/(x[i]-x[j]))
			}
		}
	}
	if len(slopes) == 0 {
		return 0, 0
	}
	return median(slopes) * (x[len(x)-1] - x[0]), median(y)
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// fewest is how many samples a judgement takes.
const fewest = 6

// flat is the test: it fails if the quantity grows.
func (s *series) flat() error {
	if len(s.values) < fewest {
		return fmt.Errorf("%s: %d samples are too few to judge, it takes %d: run longer, or with fewer -tasks", s.name, len(s.values), fewest)
	}
	if by, typical := s.growth(); by > s.slack+typical/10 {
		return fmt.Errorf("%s grows: by %.1f over %.0f s, from about %.1f", s.name, by/s.unit, s.seconds[len(s.seconds)-1]-s.seconds[len(s.seconds)/5], typical/s.unit)
	}
	return nil
}
