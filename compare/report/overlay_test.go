package report

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func overlaid(t *testing.T, sources ...Source) *Report {
	t.Helper()
	r, err := Overlay(sources)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOverlayKeepsEveryRun(t *testing.T) {
	old, now := sample(), sample()
	now.Grid.Sizes = append(now.Grid.Sizes, 7)
	now.Grid.Add(7, "goroutines", Run{Took: 0.01})
	both := overlaid(t, Source{"old.json", old}, Source{"new.json", now})
	runs := func(g *Grid) (n int) {
		for _, c := range g.Cells {
			n += len(c.Runs)
		}
		return n
	}
	if got, want := runs(both.Grid), runs(old.Grid)+runs(now.Grid); got != want {
		t.Errorf("%d runs, want %d", got, want)
	}
	if !slices.IsSorted(both.Grid.Sizes) || len(both.Grid.Sizes) != len(old.Grid.Sizes)+1 {
		t.Errorf("sizes %v", both.Grid.Sizes)
	}
	if c := both.Grid.Cell(7, "new.json: goroutines"); c == nil || len(c.Runs) != 1 {
		t.Errorf("%+v", c)
	}
	if old.Grid.Series[0].Name != "sequential" || old.Grid.Cells[0].Series != "sequential" {
		t.Error("the source was changed")
	}
}

// Between files that were measured apart nothing beats anything.
func TestOverlayHasNoVerdict(t *testing.T) {
	both := overlaid(t, Source{"old.json", sample()}, Source{"new.json", sample()})
	p := NewPlot(both.Grid)
	if len(p.Marks) != 0 || slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Ideal }) {
		t.Errorf("%d marks, %d lines", len(p.Marks), len(p.Lines))
	}
	if s := page1(t, both); strings.Contains(s, ">faster<") || strings.Contains(s, "checked:") || !strings.Contains(s, "<dt>file</dt><dd>new.json: 2 cores") {
		t.Error("the page judges, or doesn't say where the numbers come from")
	}
}

// Lines of a file share a colour; no two lines look the same, nor do letters repeat.
func TestOverlayTellsLinesApart(t *testing.T) {
	var sources []Source
	for i := range 8 {
		sources = append(sources, Source{fmt.Sprintf("%d.json", i), sample()})
	}
	p := NewPlot(overlaid(t, sources...).Grid)
	looks := map[look]bool{}
	colours, letters := map[string]int{}, map[string]bool{}
	for i, k := range p.looks() {
		l := p.Lines[i]
		if c, seen := colours[l.File]; seen && c != k.colour {
			t.Errorf("%s has another colour than its file", l.Name)
		}
		colours[l.File] = k.colour
		looks[k], letters[l.Letter] = true, true
	}
	if len(looks) != 24 || len(letters) != 24 || len(slices.Compact(slices.Sorted(maps.Values(colours)))) != styles {
		t.Errorf("%d looks, %d letters, colours %v", len(looks), len(letters), colours)
	}
}

func TestOverlayRefuses(t *testing.T) {
	other := sweepSample()
	other.Items = 100
	named := sample()
	named.Grid.Axis = "items"
	for name, pair := range map[string][]Source{
		"twice":       {{"a", sample()}, {"a", sample()}},
		"nothing":     {{"a", sample()}, {"b", &Report{}}},
		"grid, sweep": {{"a", sample()}, {"b", &Report{Sweep: sweepSample()}}},
		"sweeps":      {{"a", &Report{Sweep: other}}, {"b", &Report{Sweep: sweepSample()}}},
		"axes":        {{"a", sample()}, {"b", named}},
	} {
		if _, err := Overlay(pair); !errors.Is(err, ErrOverlay) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r := overlaid(t); r.Drawn() != nil {
		t.Error("something is drawn of no file")
	}
}

// However odd the reports: every view of them is written and fits.
func TestViewsRender(t *testing.T) {
	reports := odd()
	reports["sample"] = sample()
	hostile := reports["hostile"]
	delete(reports, "hostile") // its names are longer than a line
	reports["overlay"] = overlaid(t, Source{"old.json", sample()}, Source{"a-name-that-takes-most-of-the-line-there-is.json", sample()})
	reports["sweeps"] = overlaid(t, Source{"a", &Report{Sweep: sweepSample()}}, Source{"b", &Report{Sweep: sweepSample()}})
	reports["extremes"] = extremes()
	for _, v := range []View{{}, {Linear: true}, {Throughput: true}, {Linear: true, Throughput: true}} {
		for name, r := range reports {
			t.Run(fmt.Sprintf("%s %+v", name, v), func(t *testing.T) {
				for _, width := range []int{60, 80, 130} {
					for line := range strings.Lines(Text{Width: width, View: v}.Redraw(r)) {
						if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && name != "many" && name != "overlay" {
							t.Errorf("at %d a line has %d columns: %s", width, n, line)
						}
					}
				}
				if err := v.WriteHTML(new(bytes.Buffer), r); err != nil {
					t.Error(err)
				}
			})
		}
		if s := (Text{View: v}).Redraw(hostile); s == "" {
			t.Error("nothing of a hostile report")
		}
	}
}

func extremes() *Report {
	g := &Grid{Axis: "requests", Sizes: []int{1, 100_000}, Series: []Series{{Key: "a", Name: "a", Letter: "a"}}}
	g.Add(1, "a", Run{Took: longest})
	g.Add(100_000, "a", Run{Took: shortest})
	return &Report{Grid: g}
}

func TestPerSecond(t *testing.T) {
	for n, want := range map[float64]string{0: "0/s", 0.25: "0.250/s", 12.34: "12.3/s", 999.7: "1,000/s", 4780: "4,780/s", 9996: "10.0k/s", 123456: "123k/s",
		999600: "1.00M/s", 2.5e9: "2.50G/s", 1e18: "1e+18/s", 1e-7: "1e-07/s", math.NaN(): missing, math.Inf(1): missing} {
		if got := perSecond(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[float64]string{0: "0", 0.5: "0.5", 200: "200", 5000: "5,000", 20000: "20k", 1e6: "1M"} {
		if got := shortNumber(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
}
