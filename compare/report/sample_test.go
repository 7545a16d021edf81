package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// sample is a report such as the default experiment makes: 5 ms an answer,
// two cores, noise of a few percent, the same numbers every time.
func sample() *Report {
	rng := rand.New(rand.NewPCG(8127, 1))
	noisy := func(s float64) Seconds { return Seconds(math.Round(s*(1+0.08*rng.Float64())*1e6) / 1e6) }
	runs := func(n int, s, start, cpu float64, mem int64) []Run {
		out := make([]Run, n)
		for i := range out {
			out[i] = Run{Round: i + 1, At: Seconds(i * 10), Took: noisy(s), CPU: noisy(cpu), Memory: mem}
			if start > 0 {
				out[i].Startup = noisy(start)
			}
		}
		return out
	}
	r := &Report{
		Schema: Schema, Started: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
		Machine: Machine{Cores: 2, Model: "Example CPU @ 2.50GHz", GOMAXPROCS: 2, Go: "go1.26.8", OS: "linux", Arch: "amd64", Load: 0.42},
		Command: []string{"compare"}, Seed: 8127, Budget: 60, Elapsed: 61.2,
		API: API{URL: "http://127.0.0.1:40001", Latency: 0.005, Rule: "1 in 50 says 404",
			Text: "a process of its own on 127.0.0.1, 5 ms an answer, 1 in 50 says 404. Item: one POST, own JSON; kept: number -> status"},
		Ways: &Block{Title: "500 requests, the tutorial's five ways", Items: 500, Ways: []Way{
			{Name: "sequential", Executor: "sequential", Workers: 1, Runs: runs(1, 2.83, 0, 0.15, 19_000_000)},
			{Name: "processes, dictionaries combined at end", Short: "processes, combined", Executor: "processes", Workers: 2, MemoryIsDelta: true, Runs: runs(2, 1.42, 0.015, 0.16, 14_000_000)},
			{Name: "processes, shared dictionary", Short: "processes, shared", Executor: "processes", Workers: 2, MemoryIsDelta: true, Runs: runs(2, 1.42, 0.015, 0.16, 15_000_000)},
			{Name: "goroutines, dictionaries combined at end", Short: "goroutines, combined", Executor: "goroutines", Workers: 6, MemoryIsDelta: true, Runs: runs(3, 0.5, 0, 0.06, 1_000_000)},
			{Name: "goroutines, shared dictionary", Short: "goroutines, shared", Executor: "goroutines", Workers: 6, MemoryIsDelta: true, Runs: runs(3, 0.5, 0, 0.06, 1_000_000)},
		}},
		WaysNote: "2 and 6 are Python's default max_workers on this machine. Only the number in flight counts; 16 for both:",
		Checks: Checks{Answers: 97975, Dictionaries: 133, Keys: 500, LogChecked: true,
			Statuses: []StatusCount{{200, 490}, {404, 10}}},
		Dictionary: []Block{{Title: "Dictionary alone, 200,000 inserts from 2 processes", Items: 200000, Ways: []Way{
			{Name: "shared", Executor: "processes", Workers: 2, Runs: runs(5, 0.09, 0, 0, 0)},
			{Name: "combined", Executor: "processes", Workers: 2, Runs: runs(5, 0.05, 0, 0, 0)}}}},
		CPU: []Block{{Title: "CPU-heavy body (primes), 2 workers", Items: 64,
			Note: `(the tutorial: "multiprocessing will be faster". True in Python, whose threads share one lock; not in Go.)`,
			Ways: []Way{
				{Name: "sequential", Executor: "sequential", Workers: 1, Runs: runs(5, 0.74, 0, 0, 0)},
				{Name: "goroutines", Executor: "goroutines", Workers: 2, Runs: runs(5, 0.39, 0, 0, 0)},
				{Name: "processes", Executor: "processes", Workers: 2, Runs: runs(5, 0.41, 0, 0, 0)}}}},
		Kept: map[int]int{}, KeptWay: "goroutines, shared dictionary",
		Files: []string{"parfor-compare.html", "parfor-compare.json"},
		Next:  "--latency 200ms --sizes 500 (the tutorial's own, 4 min) · -j 1,2,4,8,16 (speed-up) · --python (its code on this chart) · a URL of yours",
	}
	g := &Grid{Axis: "requests", InFlight: 16, Sizes: []int{5, 10, 50, 100, 500, 1000, 2500, 5000, 10000},
		Series: []Series{
			{Key: "sequential", Name: "sequential", Letter: "s", Executor: "sequential", InFlight: 1},
			{Key: "goroutines", Name: "goroutines x16", Letter: "g", Executor: "goroutines", InFlight: 16},
			{Key: "processes", Name: "processes x16", Letter: "p", Executor: "processes", InFlight: 16, StartIncluded: true},
		}}
	for _, n := range g.Sizes {
		k := float64(n)
		count := 5
		switch {
		case n >= 10000:
			count = 1
		case n >= 5000:
			count = 2
		case n >= 2500:
			count = 3
		}
		if n <= 500 {
			c := count
			if n == 500 {
				c = 1
			}
			for _, run := range runs(c, 0.00565*k, 0, 0.0003*k, 0) {
				g.Add(n, "sequential", run)
			}
		} else {
			g.Skip(n, "sequential", "over 5 s", Seconds(0.00565*k))
		}
		for _, run := range runs(count, 0.0004+0.00037*k+0.005*math.Ceil(k/16)/(k/16+1), 0, 0.00012*k, 0) {
			g.Add(n, "goroutines", run)
		}
		for _, run := range runs(count, 0.055+0.00037*k+0.003, 0.048, 0.0003*k, 0) {
			g.Add(n, "processes", run)
		}
	}
	r.Grid = g
	for i := range 500 {
		r.Kept[i] = 200
		if i%50 == 0 {
			r.Kept[i] = 404
		}
	}
	for _, w := range r.Ways.Ways {
		r.Lanes = append(r.Lanes, sampleLanes(w.Name, w.Workers, rng))
	}
	r.Advice = Advise(r)
	return r
}

func sampleLanes(name string, workers int, rng *rand.Rand) Lanes {
	l := Lanes{Name: name, Workers: workers}
	clock := make([]float64, workers)
	for i := range 500 {
		w := 0
		for j := range clock {
			if clock[j] < clock[w] {
				w = j
			}
		}
		took := math.Round((0.0052+0.0008*rng.Float64())*1e6) / 1e6
		status := 200
		if i%50 == 0 {
			status = 404
		}
		l.Spans = append(l.Spans, Span{Worker: w, Item: i, Start: Seconds(clock[w]), Took: Seconds(took), Status: status})
		clock[w] = math.Round((clock[w]+took+0.00005)*1e6) / 1e6
	}
	return l
}

// sweepSample is -j 1,2,4,8 over a body that computes, on two cores.
func sweepSample() *Grid {
	g := &Grid{Axis: "workers", Items: 500, Sizes: []int{1, 2, 4, 8}, Series: []Series{
		{Key: "goroutines", Name: "goroutines", Letter: "g", Executor: "goroutines"},
		{Key: "processes", Name: "processes", Letter: "p", Executor: "processes", StartIncluded: true},
	}}
	for _, n := range g.Sizes {
		for i := range 5 {
			wobble := 1 + 0.01*float64(i)
			g.Add(n, "goroutines", Run{Round: i + 1, Took: Seconds(0.8 * wobble / float64(min(n, 2)))})
			g.Add(n, "processes", Run{Round: i + 1, Took: Seconds((0.05 + 0.82/float64(min(n, 2))) * wobble)})
		}
	}
	return g
}

// odd are reports that must render although there is little in them.
func odd() map[string]*Report {
	nan := Seconds(math.NaN())
	one := sample()
	for i := range one.Grid.Cells {
		if c := &one.Grid.Cells[i]; len(c.Runs) > 1 {
			c.Runs = c.Runs[:1]
		}
	}
	one.Advice = Advise(one)
	return map[string]*Report{
		"zero":  {},
		"empty": {Ways: &Block{}, Grid: &Grid{}, Sweep: &Grid{Axis: "workers"}, Dictionary: []Block{{}}, Lanes: []Lanes{{}, {Workers: 3}}},
		"nan": {Budget: nan, Elapsed: nan, Ways: &Block{Title: "t", Ways: []Way{{Name: "a", Runs: []Run{{Took: nan}}}, {Name: "b", Runs: []Run{{Took: Seconds(math.Inf(1)), CPU: nan}}}}},
			Grid: &Grid{Axis: "requests", Sizes: []int{0, 1}, Series: []Series{{Key: "a", Name: "a"}, {Key: "b", Name: "b", Letter: "b"}},
				Cells: []Cell{{Size: 1, Series: "a", Runs: []Run{{Took: nan}}}, {Size: 0, Series: "b", Runs: []Run{{Took: 1}}}, {Size: 1, Series: "b", Runs: []Run{{Took: 0}}}}},
			Lanes: []Lanes{{Name: "x", Workers: 1, Spans: []Span{{Took: nan}, {Start: nan}, {Worker: 7, Took: 1}}}}},
		"one point": {Grid: &Grid{Axis: "requests", Sizes: []int{7}, Series: []Series{{Key: "a", Name: "a", Letter: "a"}},
			Cells: []Cell{{Size: 7, Series: "a", Runs: []Run{{Took: 0.25}}}}}},
		"one run": one,
		"hostile": {Command: []string{"</script><script>alert(1)</script>"}, KeptWay: "<img src=x onerror=alert(1)>", Kept: map[int]int{1: 200},
			Advice: []string{"</script>&<b>"}, Ways: &Block{Title: "<b>", Ways: []Way{{Name: "</style>\"'", Runs: []Run{{Took: 1}}}}},
			Grid: &Grid{Axis: "<i>", Sizes: []int{1, 2}, Series: []Series{{Key: "</svg>", Name: "</svg><script>alert(2)</script>", Letter: "<"}},
				Cells: []Cell{{Size: 1, Series: "</svg>", Runs: []Run{{Took: 1}}}, {Size: 2, Series: "</svg>", Runs: []Run{{Took: 2}}}}},
			Lanes: []Lanes{{Name: "</script>", Workers: 1, Spans: []Span{{Took: 1, Status: 200}}}}},
		"sweep": {Sweep: sweepSample()},
		"many":  manySeries(),
	}
}

func manySeries() *Report {
	g := &Grid{Axis: "requests", InFlight: 16, Sizes: []int{10, 100, 1000}}
	for i := range 6 {
		name := fmt.Sprintf("way number %d", i)
		g.Series = append(g.Series, Series{Key: name, Name: name, Letter: string(rune('a' + i))})
		for _, n := range g.Sizes {
			for run := range 5 {
				g.Add(n, name, Run{Took: Seconds(float64(n) * 0.001 / (1 + 0.02*float64(i)) * (1 + 0.004*float64(run)))})
			}
		}
	}
	return &Report{Grid: g}
}
