package compare

import (
	"fmt"
	"slices"
	"time"

	"parfor.dev/parfor/compare/report"
)

// layOut makes the report's rows and the cells that fill them.
func (e *experiment) layOut() {
	e.waysBlock()
	if len(e.cfg.Sweep) > 0 {
		e.sweepGrid()
	} else {
		e.sizesGrid()
	}
	e.extras()
}

// add finds the cell for a way and job, or makes it, and gives it a row.
func (e *experiment) add(w way, j job, limited bool, r row) *cell {
	for _, c := range e.cells {
		if c.way == w && c.job.n == j.n && c.job.body == j.body {
			c.rows = append(c.rows, r)
			c.limited = c.limited && limited
			return c
		}
	}
	c := &cell{way: w, job: j, limited: limited, rows: []row{r}}
	e.cells = append(e.cells, c)
	return c
}

// waysBlock is the tutorial's five ways at one size.
func (e *experiment) waysBlock() {
	n := e.cfg.requests()
	p, g := workerProcesses(pythonProcesses()), goroutines(pythonThreads())
	ways := append([]way{sequential(), p, p.sharing(), g, g.sharing()}, e.cfg.pythonWays()...)
	title := fmt.Sprintf("%d %s, the tutorial's five ways", n, e.cfg.Body.thing())
	b := &report.Block{Title: title, Items: n, Ways: make([]report.Way, len(ways))}
	e.rep.Ways = b
	for i, w := range ways {
		row := &b.Ways[i]
		*row = report.Way{Name: w.name(), Short: w.shortName(), Executor: w.executor, Workers: w.inFlight, MemoryIsDelta: i > 0}
		e.add(w, e.loop(n), false, blockRow(row)).opening = true
	}
	e.rep.WaysNote = fmt.Sprintf("%d and %d are Python's default max_workers on this machine.", p.inFlight, g.inFlight)
	if len(ways) > 5 {
		b.Title += ", and in Python"
		e.rep.WaysNote += map[string]string{
			"post":    " Python sends with requests.post, a connection each.",
			"session": " Python sends with a requests.Session per worker.",
		}[e.cfg.Python]
	}
	if !e.cfg.Tutorial && len(e.cfg.Sweep) == 0 {
		all := "both"
		if e.cfg.Cluster != nil {
			all = "all"
		}
		e.rep.WaysNote += fmt.Sprintf(" Only the number in flight counts; %d for %s:", e.cfg.InFlight, all)
	}
}

// blockRow is the row of a block, which shows start-up apart.
func blockRow(w *report.Way) row {
	return row{add: func(r report.Run) { w.Runs = append(w.Runs, r) }, peak: !w.MemoryIsDelta,
		skip: func(string, time.Duration) {}}
}

// sizesGrid is the tutorial's other half: all sizes, on every executor.
func (e *experiment) sizesGrid() {
	sizes, explicit := e.cfg.sizes()
	k := e.cfg.InFlight
	ways := []way{sequential(), goroutines(k), processes(k)}
	if e.cfg.Tutorial {
		// As printed: both pools, as Python sizes them.
		ways = []way{workerProcesses(pythonProcesses()), goroutines(pythonThreads())}
		k = 0
	}
	if e.cfg.Cluster != nil {
		ways = append(ways, agents(e.cfg.InFlight))
	}
	ways = append(ways, e.cfg.pythonSeries(k)...)
	g := &report.Grid{Axis: e.cfg.Body.thing(), InFlight: k, Sizes: sizes}
	e.rep.Grid = g
	g.Caveat = e.fewAgents(e.cfg.InFlight)
	for _, w := range ways {
		g.Series = append(g.Series, w.series())
	}
	for _, n := range sizes {
		for _, w := range ways {
			e.add(w, e.loop(n), !explicit, gridRow(g, n, w))
		}
	}
}

// sweepGrid is one size with more and more in flight.
func (e *experiment) sweepGrid() {
	n := e.cfg.requests()
	g := &report.Grid{Axis: "workers", Items: n, Sizes: slices.Compact(slices.Sorted(slices.Values(e.cfg.Sweep))),
		Note: fmt.Sprintf("%d %s, by how many are in flight:", n, e.cfg.Body.thing())}
	e.rep.Sweep = g
	g.Caveat = e.fewAgents(g.Sizes[len(g.Sizes)-1])
	ways := []way{sequential(), goroutines(0), processes(1)}
	if e.cfg.Cluster != nil {
		ways = append(ways, agents(0))
	}
	for _, w := range ways {
		s := w.series()
		s.Name, s.InFlight = w.executor, 0
		g.Series = append(g.Series, s)
		for _, k := range g.Sizes {
			switch w.executor {
			case "goroutines":
				w = goroutines(k)
			case "processes":
				w = processes(k)
			case onCluster:
				w = agents(k)
			}
			e.add(w, e.loop(n), false, gridRow(g, k, w))
		}
	}
}

// fewAgents says that agents run fewer items at once than are in flight, if they do.
func (e *experiment) fewAgents(inFlight int) string {
	n := e.cfg.ClusterSlots
	if e.cfg.Cluster == nil || n == 0 || n >= inFlight {
		return ""
	}
	return fmt.Sprintf("The cluster's agents run %d at once: more with -j of parfor worker or parfor-node.", n)
}

func gridRow(g *report.Grid, size int, w way) row {
	key := w.series().Key
	return row{
		add:  func(r report.Run) { g.Add(size, key, r) },
		skip: func(reason string, estimate time.Duration) { g.Skip(size, key, reason, report.Took(estimate)) },
		with: !w.local(),
	}
}

// extras are the line about the dictionary alone and the one about a body that
// computes; they go with the tutorial's requests to our own API.
func (e *experiment) extras() {
	if e.cfg.Body.Kind != Post || e.cfg.URL != "" {
		return
	}
	const inserts = 200_000
	cores := pythonProcesses()
	workers := workerProcesses(cores)
	e.rep.Dictionary = []report.Block{{
		Title: fmt.Sprintf("Dictionary alone, 200,000 inserts from %d processes", cores), Items: inserts,
		Ways: []report.Way{{Name: "shared", Executor: workers.executor, Workers: cores}, {Name: "combined", Executor: workers.executor, Workers: cores}},
	}}
	insert := job{n: inserts, things: "inserts", body: Body{Kind: keepOnly}, combined: keep, shared: keepShared, rule: func(n int) int { return n }}
	if e.cfg.Python != "" {
		e.pythonInserts(insert, workers.inFlight)
	}
	e.add(workers.sharing(), insert, false, blockRow(&e.rep.Dictionary[0].Ways[0]))
	e.add(workers, insert, false, blockRow(&e.rep.Dictionary[0].Ways[1]))

	body := Body{Kind: CPU, Limit: 4_000_000}
	count := job{n: primeChunks, things: "chunks of primes", body: body, combined: task, shared: taskShared, rule: ruleFor(body, e.cfg.API, true)}
	ways := []way{sequential(), goroutines(cores), workers}
	e.rep.CPU = []report.Block{{
		Title: fmt.Sprintf("CPU-heavy body (primes), %d workers", cores), Items: primeChunks, Ways: make([]report.Way, len(ways)),
	}}
	for i, w := range ways {
		row := &e.rep.CPU[0].Ways[i]
		*row = report.Way{Name: w.executor, Executor: w.executor, Workers: w.inFlight}
		e.add(w, count, false, blockRow(row))
	}
}

// cpuNote answers the tutorial's sentence about bodies that compute with what
// was measured, and says nothing where that is not clear.
func cpuNote(b report.Block) string {
	g, p := report.Times(b.Way("goroutines").Runs), report.Times(b.Way("processes").Runs)
	switch {
	case g.N == 0 || p.N == 0:
		return ""
	case g.Median <= 1.1*p.Median:
		return `(the tutorial: "multiprocessing will be faster". True in Python, whose threads share one lock; not in Go.)`
	case g.N >= enoughRuns && p.N >= enoughRuns && !g.Overlaps(p):
		return "(processes were faster here, as in the tutorial: on a busy machine the system may give two of them more than two threads.)"
	default:
		return "(goroutines and processes can't be told apart by these runs.)"
	}
}

// keepOnly marks the job that does nothing but insert.
const keepOnly Kind = "keep"
