package report

import (
	"math"
	"slices"
)

// scale maps values to pixels; from may be above to (SVG counts y downwards).
type scale struct {
	log      bool
	lo, hi   float64
	from, to float64
}

// newScale covers the values with a margin; a single value gets room on both sides.
func newScale(values []float64, linear bool, from, to float64) scale {
	s := scale{log: !linear, from: from, to: to, lo: 1, hi: 10}
	if len(values) == 0 {
		if linear {
			s.lo = 0
		}
		return s
	}
	lo, hi := slices.Min(values), slices.Max(values)
	if linear {
		s.lo, s.hi = 0, hi*1.05
		return s
	}
	if hi/lo < 1.5 {
		lo, hi = lo/2, hi*2
	}
	margin := math.Pow(hi/lo, 0.04)
	s.lo, s.hi = lo/margin, hi*margin
	return s
}

func (s scale) at(v float64) float64 {
	f := 0.0
	if s.log {
		f = math.Log(v/s.lo) / math.Log(s.hi/s.lo)
	} else {
		f = (v - s.lo) / (s.hi - s.lo)
	}
	return s.from + f*(s.to-s.from)
}

// ticks are round values inside the range, at least gap pixels apart.
func (s scale) ticks(gap float64) []float64 {
	if !s.log {
		return s.linearTicks(gap)
	}
	for _, steps := range [][]float64{{1, 1.5, 2, 3, 4, 6, 8}, {1, 2, 5}, {1, 3}, {1}} {
		var t []float64
		for e := math.Floor(math.Log10(s.lo)); e <= math.Ceil(math.Log10(s.hi)); e++ {
			for _, step := range steps {
				if v := step * math.Pow(10, e); v >= s.lo && v <= s.hi {
					t = append(t, v)
				}
			}
		}
		if spaced(s, t, gap) || len(steps) == 1 {
			return thin(s, t, gap)
		}
	}
	return nil
}

func (s scale) linearTicks(gap float64) []float64 {
	span := s.hi - s.lo
	most := max(1, math.Abs(s.to-s.from)/gap)
	step := math.Pow(10, math.Floor(math.Log10(span/most)))
	for _, f := range []float64{1, 2, 5, 10} {
		if span/(step*f) <= most {
			step *= f
			break
		}
	}
	var t []float64
	for i := 0; float64(i)*step <= s.hi && i < 1000; i++ {
		t = append(t, float64(i)*step)
	}
	return t
}

func spaced(s scale, t []float64, gap float64) bool {
	for i := 1; i < len(t); i++ {
		if math.Abs(s.at(t[i])-s.at(t[i-1])) < gap {
			return false
		}
	}
	return true
}

// thin keeps ticks that are gap apart from the one kept before.
func thin(s scale, t []float64, gap float64) []float64 {
	var kept []float64
	for _, v := range t {
		if len(kept) == 0 || math.Abs(s.at(v)-s.at(kept[len(kept)-1])) >= gap {
			kept = append(kept, v)
		}
	}
	return kept
}
