package report

import (
	"encoding/csv"
	"io"
	"strconv"
)

var csvHeading = []string{"block", "way", "executor", "size", "workers", "round", "at_s", "took_s", "startup_s", "start_included", "cpu_s", "memory_bytes", "failed"}

// WriteCSV writes one line per run, in the order of the report, under the
// heading block,way,executor,size,workers,round,at_s,took_s,startup_s,start_included,cpu_s,memory_bytes,failed.
// What wasn't measured is empty.
func WriteCSV(w io.Writer, r *Report) error {
	out := csv.NewWriter(w)
	out.Write(csvHeading)
	r.eachRun(func(l runLine) {
		out.Write([]string{
			l.block, l.way, l.executor, strconv.Itoa(l.size), strconv.Itoa(l.workers), strconv.Itoa(l.run.Round),
			plain(l.run.At), plain(l.run.Took), plain(l.run.Startup), strconv.FormatBool(l.startIncluded),
			plain(l.run.CPU), strconv.FormatInt(l.run.Memory, 10), strconv.Itoa(l.run.Failed),
		})
	})
	out.Flush()
	return out.Error() // the first error of any Write is kept there
}

func plain(s Seconds) string {
	if !s.known() {
		return ""
	}
	return strconv.FormatFloat(float64(s), 'f', -1, 64)
}

// runLine is a run with the names of where it belongs.
type runLine struct {
	block, way, executor string
	size, workers        int
	startIncluded        bool
	run                  Run
}

// eachRun visits every run of the report.
func (r *Report) eachRun(visit func(runLine)) {
	blocks := func(kind string, bs []Block) {
		for _, b := range bs {
			for _, w := range b.Ways {
				for _, run := range w.Runs {
					visit(runLine{block: kind, way: w.Name, executor: w.Executor, size: b.Items, workers: w.Workers, run: run})
				}
			}
		}
	}
	grid := func(kind string, g *Grid) {
		if g == nil {
			return
		}
		for _, c := range g.Cells {
			l := runLine{block: kind, way: c.Series, size: c.Size}
			for _, s := range g.Series {
				if s.Key == c.Series {
					l.way, l.executor, l.workers, l.startIncluded = s.Name, s.Executor, s.InFlight, s.StartIncluded
				}
			}
			if g.sweep() {
				l.size, l.workers = g.Items, c.Size
			}
			for _, run := range c.Runs {
				l.run = run
				visit(l)
			}
		}
	}
	if r.Ways != nil {
		blocks("ways", []Block{*r.Ways})
	}
	grid("grid", r.Grid)
	grid("sweep", r.Sweep)
	blocks("dictionary", r.Dictionary)
	blocks("cpu", r.CPU)
}
