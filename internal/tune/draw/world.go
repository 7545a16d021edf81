package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor/internal/tune"
	"parfor.dev/parfor/internal/tune/sim"
)

// world is what is drawn of one.
type world struct {
	name    string
	until   time.Duration
	done    []float64 // successes a second, in equal stretches of time
	best    []step    // the throughput to reach
	workers []int     // at once, in equal stretches of time
	note    string
}

// step is a throughput from a moment on.
type step struct {
	from time.Duration
	best float64
}

// stretches is how many points a line of throughput has.
const stretches = 60

func worlds() []world {
	var all []world
	for _, w := range sim.Charted() {
		r := sim.Loop{Server: w.Server(), Until: w.Until, Tuner: tune.New(tune.Config{}), Seed: 1}.Do()
		d := world{name: w.Name, until: w.Until}
		for i := range time.Duration(stretches) {
			d.done = append(d.done, r.Throughput(i*w.Until/stretches, (i+1)*w.Until/stretches))
		}
		for i := range time.Duration(plotWidth) {
			d.workers = append(d.workers, r.Workers(i*w.Until/plotWidth))
		}
		var whose []string
		got, reach := 0.0, 0.0 // successes, and what there was, some time after each change
		from := time.Duration(0)
		for _, to := range append(w.Changes, w.Until) {
			n, x := best(w, from+w.Steady, to)
			d.best = append(d.best, step{from, x})
			took := (to - from - w.Steady).Seconds()
			got += took * r.Throughput(from+w.Steady, to)
			reach += took * x
			whose = append(whose, strconv.Itoa(n))
			from = to
		}
		d.note = "best fixed number: " + strings.Join(whose, ", ")
		if w.Limit > 0 {
			d.note = fmt.Sprintf("%d of %d requests refused", r.Refused, r.Sent)
		}
		d.note = fmt.Sprintf("%.0f %% of what there is after %v · %s", 100*got/reach, w.Steady, d.note)
		all = append(all, d)
	}
	return all
}

// best is the fixed number that does most in a stretch of time, or what the
// server admits. A number must do 1 % more to be preferred to a smaller one.
func best(w sim.World, from, to time.Duration) (workers int, throughput float64) {
	if w.Limit > 0 {
		return 0, w.Limit
	}
	for _, n := range []int{10, 20, 30, 40, 60, 80, 100, 150, 200, 400, 1000} {
		r := sim.Loop{Server: w.Server(), Until: to, Fixed: n, Seed: 1}.Do()
		if x := r.Throughput(from, to); x > 1.01*throughput {
			workers, throughput = n, x
		}
	}
	return workers, throughput
}

// nice rounds up to a number with one digit or a half.
func nice(x float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8} {
		if x <= m*p {
			return m * p
		}
	}
	return 10 * p
}
