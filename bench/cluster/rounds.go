package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"parfor.dev/parfor/bench/paired"
)

// sample is one run of a case.
type sample struct {
	n         int
	took      time.Duration
	latencies []time.Duration // one at a time, sorted
	messages  int             // that the items travelled in, if that is known
}

// eachTimed runs n tasks one after another.
func eachTimed(n int, task func(i int) error) (sample, error) {
	s := sample{n: n}
	began := time.Now()
	for i := range n {
		at := time.Now()
		if err := task(i); err != nil {
			return s, err
		}
		s.latencies = append(s.latencies, time.Since(at))
	}
	s.took = time.Since(began)
	slices.Sort(s.latencies)
	return s, nil
}

func (s sample) rate() float64 { return float64(s.n) / s.took.Seconds() }

// percentile is of the latencies, in seconds.
func (s sample) percentile(p int) float64 { return s.latencies[len(s.latencies)*p/100].Seconds() }

// timesOf is how many times as good as another sample of its round this one is.
func (s sample) timesOf(other sample) float64 {
	if s.latencies != nil {
		return other.percentile(50) / s.percentile(50)
	}
	return s.rate() / other.rate()
}

func run(rounds int, only, beside string, scale float64, seed uint64) error {
	up, end, err := startAll(strings.Split(beside, ","))
	defer end()
	if err != nil {
		return err
	}
	order := rand.New(rand.NewPCG(seed, 0))
	for _, c := range cases {
		if only != "" && !slices.Contains(strings.Split(only, ","), c.name) {
			continue
		}
		fmt.Printf("%s: %s\n", c.name, c.what)
		if err := c.measure(up, rounds, scale, order); err != nil {
			return err
		}
	}
	return nil
}

// measure runs a case in rounds and prints a line for each that has part in it.
// The first round does not count: ours finds the cost of the body in it.
func (c workload) measure(up []peer, rounds int, scale float64, order *rand.Rand) error {
	up = slices.DeleteFunc(slices.Clone(up), func(p peer) bool { return p.tasks(c) == 0 })
	samples := make([][]sample, len(up))
	for _, p := range up {
		if err := p.side.ready(c); err != nil {
			return fmt.Errorf("%s, %s: %w", p.name, c.name, err)
		}
	}
	for r := range rounds + 1 {
		for _, i := range order.Perm(len(up)) {
			s, err := up[i].side.once(c, max(1, int(float64(up[i].tasks(c))*scale)))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", up[i].name, c.name, err)
			}
			if r > 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	for i, p := range up {
		line := c.line(samples[i])
		if i > 0 {
			line += "   " + ratio(samples[0], samples[i])
		}
		fmt.Printf("  %-7s %s\n", p.name, line)
	}
	fmt.Println()
	return nil
}

// medianOf is the median of what the samples say.
func medianOf(samples []sample, of func(sample) float64) float64 {
	all := make([]float64, len(samples))
	for i, s := range samples {
		all[i] = of(s)
	}
	return paired.Median(all)
}

// line says what the samples of one are.
func (c workload) line(samples []sample) string {
	n, rate := samples[0].n, medianOf(samples, sample.rate)
	line := fmt.Sprintf("%8d tasks %8.3f s %9.0f/s", n, float64(n)/rate, rate)
	switch {
	case c.name == "nap":
		line += fmt.Sprintf("  efficiency %.3f", rate*0.010/slots)
	case samples[0].latencies != nil:
		p50 := medianOf(samples, func(s sample) float64 { return s.percentile(50) })
		p99 := medianOf(samples, func(s sample) float64 { return s.percentile(99) })
		line += fmt.Sprintf("  p50 %.2f ms, p99 %.2f ms", p50*1000, p99*1000)
	}
	if samples[0].messages > 0 {
		line += fmt.Sprintf("  %.1f a message", medianOf(samples, func(s sample) float64 { return float64(s.n) / float64(s.messages) }))
	}
	return line
}

// ratio says how many times as good ours is, within rounds.
func ratio(ours, theirs []sample) string {
	all := make([]float64, len(ours))
	for i := range ours {
		all[i] = ours[i].timesOf(theirs[i])
	}
	return fmt.Sprintf("ours/theirs %.1f (%.1f to %.1f)", paired.Median(all), slices.Min(all), slices.Max(all))
}
