// Command watch times what it costs to have a loop watched: the same loop with
// no observer and with each kind of observer, side by side in one run.
//
//	go run ./watch                     both bodies, 21 rounds
//	go run ./watch -rounds 41 1us      one body, more rounds
//
// The way named "none again" is the loop without an observer a second time:
// its interval is what the machine's noise alone comes to. Where other programs
// run, processor time tells more than the time on the wall.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
)

const workers = 2

func main() {
	rounds := flag.Int("rounds", 21, "rounds to count; intervals need 20")
	seed := flag.Uint64("seed", 1, "of the order")
	took := flag.Duration("for", 500*time.Millisecond, "of a loop that nobody watches, about: frames come every 200 ms")
	flag.Parse()
	runtime.GOMAXPROCS(workers)
	fmt.Printf("%s %s/%s, %d workers on %d cores, seed %d\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, workers, runtime.NumCPU(), *seed)
	perMicro := calibrate()
	for _, c := range []struct {
		name string
		body time.Duration
	}{{"1us", time.Microsecond}, {"1ms", time.Millisecond}} {
		if want := flag.Args(); len(want) > 0 && !slices.Contains(want, c.name) {
			continue
		}
		spins := int(c.body.Microseconds()) * perMicro
		items := parfor.Range(max(int(*took/c.body)*workers, 1))
		body := func(_ context.Context, i int) error { sinks[i%len(sinks)] = spin(spins); return nil }
		var ways []paired.Way
		cpu := &paired.Table{Nanos: make([][]float64, len(watchers))}
		for i, w := range watchers {
			ways = append(ways, paired.Way{Name: w.name, N: len(items), Run: func() {
				before := processorTime()
				opts, end := w.open()
				must(parfor.Each(context.Background(), items, body, append(opts, parfor.Workers(workers))...))
				end()
				cpu.Nanos[i] = append(cpu.Nanos[i], float64(processorTime()-before)/float64(len(items)))
			}})
		}
		wall := paired.Measure(ways, *rounds, *seed)
		for i := range cpu.Nanos {
			cpu.Nanos[i] = cpu.Nanos[i][1:] // the first round doesn't count
		}
		cpu.Ways = ways
		show(os.Stdout, wall, cpu, fmt.Sprintf("%s: %d bodies of %v of arithmetic, %d rounds", c.name, len(items), c.body, *rounds))
	}
}

// show writes ratios to the loop that nobody watches, of both times.
func show(w io.Writer, wall, cpu *paired.Table, title string) {
	fmt.Fprintln(w, "\n"+title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "observer\tns/item\tagainst none\t95 %\tprocessor ns/item\tagainst none\t95 %\t")
	none := wall.Find("none")
	for i, way := range wall.Ways {
		fmt.Fprint(tw, way.Name)
		for _, t := range []*paired.Table{wall, cpu} {
			median, low, high := t.Ratio(i, none)
			fmt.Fprintf(tw, "\t%.4g\t%.3f\t%.3f–%.3f", paired.Median(t.Nanos[i]), median, low, high)
		}
		fmt.Fprintln(tw, "\t")
	}
	tw.Flush()
}

var sinks [1024]uint32

func spin(rounds int) uint32 {
	x := uint32(rounds) | 1
	for range rounds {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	return x
}

// calibrate finds how many rounds of spin are a microsecond.
func calibrate() int {
	best := time.Hour
	for range 20 {
		begin := time.Now()
		sinks[0] = spin(1_000_000)
		best = min(best, time.Since(begin))
	}
	return max(int(1_000_000*float64(time.Microsecond)/float64(best)), 1)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
