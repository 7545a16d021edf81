package report

import (
	"strings"
	"testing"
)

// duel is a grid with one size per row of runs: sequential, goroutines, processes.
func duel(rows map[int][3][]float64) *Report {
	g := &Grid{Axis: "requests", InFlight: 16, Series: []Series{
		{Key: "s", Name: "sequential", Executor: "sequential", InFlight: 1},
		{Key: "g", Name: "goroutines x16", Executor: "goroutines", InFlight: 16},
		{Key: "p", Name: "processes x16", Executor: "processes", InFlight: 16, StartIncluded: true}}}
	for _, size := range []int{10, 100, 1000} {
		row, ok := rows[size]
		if !ok {
			continue
		}
		g.Sizes = append(g.Sizes, size)
		for i, s := range g.Series {
			for _, v := range row[i] {
				g.Add(size, s.Key, Run{Took: Seconds(v)})
			}
		}
	}
	return &Report{Grid: g, API: API{URL: "http://127.0.0.1:1"}}
}

func five(v float64) []float64 { return []float64{v, v * 1.01, v * 1.02, v * 1.03, v * 1.04} }

func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		name      string
		report    *Report
		has, none string
	}{
		{"a clear winner", duel(map[int][3][]float64{100: {five(1.6), five(0.1), five(0.2)}}),
			"16 made this loop 16 times faster at 100 requests (bands apart, p = 0.008)", "No "},
		{"four runs are no verdict", duel(map[int][3][]float64{100: {five(1.6)[:4], five(0.1)[:4], five(0.2)[:4]}}),
			"No verdict", "faster"},
		{"five against one is none either", duel(map[int][3][]float64{100: {five(1.6)[:1], five(0.1), five(0.2)[:1]}}),
			"No verdict", "faster"},
		{"bands overlap", duel(map[int][3][]float64{100: {{1, 2, 3, 4, 5}, {0.9, 1.9, 2.9, 3.9, 4.9}, nil}}),
			"No measurable difference between sequential and goroutines x16 at 100 requests (bands overlap", "faster"},
		{"the loop itself wins", duel(map[int][3][]float64{10: {five(0.01), five(0.02), five(0.1)}}),
			"Keep sequential: at 10 requests it was 2.0 times faster than goroutines x16", "Use"},
		{"processes win", duel(map[int][3][]float64{100: {five(1.6), five(0.4), five(0.1)}}),
			"Use processes x16: 16 times faster than sequential at 100 requests", "not for speed"},
		{"processes catch up", duel(map[int][3][]float64{10: {five(1), five(0.1), five(0.5)}, 100: {five(2), five(1), five(1.05)}}),
			"Processes catch up from 100 requests on; take them for bodies that crash, hang or leak, not for speed.", "5 runs"},
		{"processes catch up, by two runs", duel(map[int][3][]float64{10: {five(1), five(0.1), five(0.5)}, 100: {nil, five(1)[:2], five(1.05)[:2]}}),
			"Processes' medians are within a tenth from 100 requests on (2 runs); take them for bodies", "catch up"},
		{"processes catch up, then by one run", duel(map[int][3][]float64{10: {five(1), five(0.1), five(0.5)}, 100: {five(2), five(1), five(1.05)}, 1000: {nil, five(10)[:1], five(10)[:2]}}),
			"Processes' medians are within a tenth from 100 requests on (1 to 5 runs)", "catch up"},
		{"processes stay behind, by two runs", duel(map[int][3][]float64{10: {five(1), five(0.1), five(0.5)}, 100: {nil, five(1)[:2], five(1.5)[:2]}}),
			"Processes' median at 100 requests was more than a tenth above goroutines' (2 runs)", "stayed"},
		{"processes catch up, and fall behind again", duel(map[int][3][]float64{10: {five(1), five(0.1), five(0.1)}, 100: {five(2), five(1), five(1.5)}}),
			"stayed more than a tenth behind up to 100 requests", "catch up"},
		{"processes too slow for little", duel(map[int][3][]float64{10: {five(0.05), five(0.01), five(0.5)}, 100: {five(5), five(1), five(1.5)}}),
			"Up to 10 requests processes were slower than sequential: they have to start first.", ""},
		{"the verdict is about the largest size that has one", duel(map[int][3][]float64{10: {five(1), five(0.5), nil}, 1000: {five(100)[:1], five(5), nil}}),
			"2.0 times faster at 10 requests", "1000"},
	} {
		got := strings.Join(Advise(c.report), "\n")
		if !strings.Contains(got, c.has) || c.none != "" && strings.Contains(got, c.none) {
			t.Errorf("%s:\n%s\nshould have %q and not %q", c.name, got, c.has, c.none)
		}
	}
}

func TestAdviceAfterWrongAnswers(t *testing.T) {
	r := sample()
	r.Checks.Problems = []string{"processes, 500 requests: key 17 is missing"}
	if got := Advise(r); len(got) != 1 || !strings.HasPrefix(got[0], "No advice: 1 problem found") {
		t.Errorf("%q", got)
	}
}

func TestAdviceOnWorkers(t *testing.T) {
	got := strings.Join(Advise(&Report{Sweep: sweepSample()}), "\n")
	if !strings.Contains(got, "goroutines: 2 workers were 2.0 times faster than 1 (bands apart, p = 0.008); up to 8, more gained nothing measurable.") {
		t.Error(got)
	}
	short := sweepSample()
	for i := range short.Cells {
		short.Cells[i].Runs = short.Cells[i].Runs[:2]
	}
	if got := Advise(&Report{Sweep: short}); len(got) != 1 || !strings.HasPrefix(got[0], "No verdict on workers") {
		t.Errorf("%q", got)
	}
}
