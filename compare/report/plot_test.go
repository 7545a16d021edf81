package report

import (
	"math"
	"strings"
	"testing"
)

func TestCrossoverBetweenMeasuredPoints(t *testing.T) {
	marks := NewPlot(sample().Grid).Marks
	if len(marks) != 1 || marks[0].X <= 10 || marks[0].X >= 50 || !strings.HasPrefix(marks[0].Text, "processes x16 beats sequential from about ") {
		t.Errorf("%+v", marks)
	}
	// Bands that meet on either side of the crossing make it noise.
	g := sample().Grid
	c := g.Cell(50, "processes")
	c.Runs[0].Took = g.Cell(50, "sequential").Runs[0].Took
	if marks := NewPlot(g).Marks; len(marks) != 0 {
		t.Errorf("noise is marked: %+v", marks)
	}
}

func TestIdealIsNotExtrapolated(t *testing.T) {
	p := NewPlot(sample().Grid)
	ideal := p.Lines[len(p.Lines)-1]
	if !ideal.Ideal || len(ideal.Points) != 5 || ideal.Points[4].X != 500 {
		t.Fatalf("%+v", ideal)
	}
	seq := p.Lines[0].Points[4].Mid
	if math.Abs(ideal.Points[4].Mid-seq/16) > 1e-12 {
		t.Errorf("%v of %v", ideal.Points[4].Mid, seq)
	}
	sweep := NewPlot(sweepSample())
	if last := sweep.Lines[len(sweep.Lines)-1]; !last.Ideal || math.Abs(last.Points[3].Mid*8-last.Points[0].Mid) > 1e-12 {
		t.Errorf("%+v", last)
	}
}

// The chart's letters stand at the medians: one column per size, the higher the slower.
func TestChartPlacesLetters(t *testing.T) {
	s := Text{}.Chart(sample().Grid)
	rows := strings.Split(s, "\n")
	column := func(r byte, first bool) int {
		at := -1
		for _, row := range rows {
			line := []rune(row)
			for x := labelWidth; x < min(len(line), labelWidth+chartWidth); x++ {
				if line[x] == rune(r) && (at < 0 || first == (x < at)) {
					at = x
				}
			}
		}
		return at
	}
	if column('g', true) != labelWidth {
		t.Errorf("goroutines don't begin at the left edge:\n%s", s)
	}
	if p := column('p', true); p != labelWidth {
		t.Errorf("processes don't begin at the left edge:\n%s", s)
	}
	if column('s', false) >= column('*', false) {
		t.Errorf("sequential goes on after its last measured size:\n%s", s)
	}
}

func TestScaleTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		linear bool
	}{{1e-3, 10, false}, {0.5, 0.6, false}, {1e-9, 1e9, false}, {0.001, 3, true}, {1, 1, true}} {
		s := newScale([]float64{c.lo, c.hi}, c.linear, 400, 20)
		ticks := s.ticks(26)
		if len(ticks) < 2 || !spaced(s, ticks, 26-1e-9) {
			t.Errorf("%v to %v: %v", c.lo, c.hi, ticks)
		}
		for _, v := range ticks {
			if v < s.lo || v > s.hi {
				t.Errorf("%v to %v: tick %v lies outside", c.lo, c.hi, v)
			}
		}
	}
}

func TestMachine(t *testing.T) {
	m := ThisMachine()
	if m.Cores < 1 || m.GOMAXPROCS < 1 || m.Go == "" || m.OS == "" || m.Arch == "" {
		t.Errorf("%+v", m)
	}
	if got := cpuModel("processor : 0\nmodel name\t: Some  CPU @ 2GHz\nmodel name : other\n"); got != "Some CPU @ 2GHz" {
		t.Errorf("%q", got)
	}
}
