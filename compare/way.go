package compare

import (
	"context"
	"fmt"
	"runtime"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare/report"
	"parfor.dev/parfor/process"
)

// way is one way to run a loop. Two equal ways are one measurement.
type way struct {
	executor string // sequential, goroutines, processes, cluster; threads in Python
	inFlight int
	procs    int    // worker processes
	shared   bool   // one dictionary for all, instead of one combined at the end
	python   string // run by Python, with requests.post or a session
}

func sequential() way      { return way{executor: "sequential", inFlight: 1} }
func goroutines(n int) way { return way{executor: "goroutines", inFlight: n} }
func (w way) sharing() way { w.shared = true; return w }
func (w way) local() bool  { return w.procs == 0 && w.python == "" && w.executor != onCluster }
func (w way) dictionaries() string {
	if w.shared {
		return "shared dictionary"
	}
	return "dictionaries combined at end"
}

// processes with n requests in flight: no more of them than cores, each with
// its share of the requests, since a process costs more to start than a wait.
func processes(n int) way {
	procs := min(n, runtime.NumCPU())
	return way{executor: "processes", inFlight: n, procs: procs}
}

// onCluster is the executor of agents.
const onCluster = "cluster"

// agents are those of a cluster, with n requests in flight if they have as many
// slots.
func agents(n int) way { return way{executor: onCluster, inFlight: n} }

// workerProcesses is a pool as the tutorial has it: one task per process.
func workerProcesses(n int) way { return way{executor: "processes", inFlight: n, procs: n} }

func (w way) String() string { return fmt.Sprintf("%s (x%d)", w.name(), w.inFlight) }

// name is the row of the opening block.
func (w way) name() string {
	if w.executor == "sequential" {
		return w.kind()
	}
	return w.kind() + ", " + w.dictionaries()
}

func (w way) shortName() string {
	switch {
	case w.executor == "sequential":
		return w.kind()
	case w.shared:
		return w.kind() + ", shared"
	default:
		return w.kind() + ", combined"
	}
}

func (w way) kind() string {
	if w.python != "" {
		return "python " + w.executor
	}
	return w.executor
}

// series is the column of the grid and the line of the chart.
func (w way) series() report.Series {
	s := report.Series{Key: w.kind(), Name: w.kind(), Letter: w.executor[:1], Executor: w.executor,
		InFlight: w.inFlight, StartIncluded: !w.local()}
	if w.inFlight > 1 {
		s.Name = fmt.Sprintf("%s x%d", w.kind(), w.inFlight)
	}
	if w.python != "" {
		s.Executor, s.Letter = "python", map[string]string{"threads": "t", "processes": "m"}[w.executor]
	}
	return s
}

// open starts the executor; it is closed by the caller.
func (w way) open(ctx context.Context, c Config) (parfor.Executor, error) {
	switch w.executor {
	case onCluster:
		return c.Cluster(ctx)
	case "sequential":
		return parfor.Sequential(), nil
	case "goroutines":
		return parfor.Goroutines(w.inFlight), nil
	}
	each := (w.inFlight + w.procs - 1) / w.procs
	if each == 1 {
		return process.NewPool(ctx, w.procs)
	}
	return process.NewPool(ctx, w.procs, process.ItemsPerWorker(each))
}
