package main

import (
	"errors"
	"fmt"
	"slices"
)

// side is what runs cases: servers, workers, and what sends tasks to them.
type side interface {
	// ready has the workers that a case needs.
	ready(c workload) error
	// once runs n tasks of a case.
	once(c workload, n int) (sample, error)
	end()
}

// peer is a side with its name and how many tasks it gets of a case.
type peer struct {
	name  string
	tasks func(workload) int
	start func() (side, error)
	side  side
}

// all is everybody that is known; ours comes first.
func all() []peer {
	return []peer{
		{name: "parfor", tasks: func(c workload) int { return c.tasks.ours }, start: startOurs},
		{name: "asynq", tasks: func(c workload) int { return c.tasks.asynq }, start: startAsynq},
		{name: "celery", tasks: func(c workload) int { return c.tasks.python }, start: startCelery},
		{name: "dask", tasks: func(c workload) int { return c.tasks.python }, start: startDask},
	}
}

// errMissing is what a peer fails with that is not installed.
var errMissing = errors.New("not installed")

// startAll starts ours and those that are to be beside it, and returns what ends
// them. Who is missing is left out.
func startAll(beside []string) (up []peer, end func(), err error) {
	end = func() {
		for _, p := range up {
			p.side.end()
		}
	}
	known := all()
	for _, name := range beside {
		if name != "" && !slices.ContainsFunc(known[1:], func(p peer) bool { return p.name == name }) {
			return nil, end, fmt.Errorf("no such peer: %s", name)
		}
	}
	for i, p := range known {
		if i > 0 && !slices.Contains(beside, p.name) {
			continue
		}
		p.side, err = p.start()
		switch {
		case errors.Is(err, errMissing):
			fmt.Printf("%s: %v\n", p.name, err)
		case err != nil:
			return up, end, fmt.Errorf("%s: %w", p.name, err)
		default:
			up = append(up, p)
		}
	}
	fmt.Println()
	return up, end, nil
}
