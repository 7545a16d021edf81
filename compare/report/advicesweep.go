package report

import (
	"fmt"
	"slices"
)

// adviseSweep says, for each series, how many workers are worth having: the
// fewest from which no larger number is measurably faster.
func adviseSweep(g *Grid) []string {
	if g == nil {
		return nil
	}
	var advice []string
	for _, s := range g.Series {
		if s.Executor == "sequential" {
			continue // it has no workers to count
		}
		if a := g.enoughWorkers(s); a != "" {
			advice = append(advice, a)
		}
	}
	if len(advice) == 0 && len(g.Series) > 0 {
		return []string{fmt.Sprintf("No verdict on %s: no two numbers have %d runs; a larger --budget or --runs gives them.", g.Axis, minimumRuns)}
	}
	return advice
}

func (g *Grid) enoughWorkers(s Series) string {
	var sizes []int
	for _, size := range slices.Sorted(slices.Values(g.Sizes)) {
		if g.Cell(size, s.Key).times().N >= minimumRuns {
			sizes = append(sizes, size)
		}
	}
	if len(sizes) < 2 {
		return ""
	}
	best := sizes[0]
	for _, size := range sizes[1:] {
		if v := compareCells(g.Cell(best, s.Key), g.Cell(size, s.Key)); v.differs() && v.times > 1 {
			best = size
		}
	}
	first, last := sizes[0], sizes[len(sizes)-1]
	if best == first {
		return fmt.Sprintf("%s: no number of %s up to %d was measurably faster than %d.", s.Name, g.Axis, last, first)
	}
	v := compareCells(g.Cell(first, s.Key), g.Cell(best, s.Key))
	text := fmt.Sprintf("%s: %d %s were %s than %d (%s)", s.Name, best, g.Axis, timesFaster(v.times), first, v.evidence())
	if best != last {
		text += fmt.Sprintf("; up to %d, more gained nothing measurable", last)
	}
	return text + "."
}
