//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
)

func increment(_ context.Context, n int) (int, error)  { return n + 1, nil }
func echo(_ context.Context, b []byte) ([]byte, error) { return b, nil }

var (
	_ = parfor.Register(increment)
	_ = parfor.Register(echo)
)

// tripWay opens a way for n messages, sent one at a time; done is to be called
// after them.
type tripWay struct {
	name string
	open func(n int) (trip func(int), done func())
}

func (b *bench) tripWays() (ways []tripWay) {
	for _, name := range append(talkers(), ownRings) {
		ways = append(ways, tripWay{name, func(n int) (func(int), func()) { return b.peer.tripper(name, n) }})
	}
	ways = append(ways, tripWay{"parfor.Submit and Result", b.submitter}, tripWay{"nothing: two readings of the clock", idle})
	return slices.DeleteFunc(ways, func(w tripWay) bool { return w.name != limit && !b.wanted.MatchString(w.name) })
}

func idle(int) (trip func(int), done func()) { return func(int) {}, func() {} }

// trips is the table of one message at a time. Its ratios are those of the
// medians of each round.
func (b *bench) trips() {
	ways := b.tripWays()
	half, most := make([][]float64, len(ways)), make([][]float64, len(ways))
	var measured []paired.Way
	for i, w := range ways {
		measured = append(measured, paired.Way{Name: w.name, N: *trips, Run: func() {
			took := timeTrips(w, *trips)
			half[i] = append(half[i], took[len(took)/2])
			most[i] = append(most[i], took[len(took)*99/100])
		}})
	}
	t := paired.Measure(measured, *rounds, *seed)
	fmt.Printf("\none message of 8 bytes there and back, one at a time, µs (%d rounds of %d)\n", *rounds, *trips)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "way\tp50\tmin\tmax\tp99\tp50 × the limit's\t95 %%\t\n")
	for i := range ways { // the first round doesn't count
		t.Nanos[i], most[i] = half[i][1:], most[i][1:]
	}
	for i, way := range ways {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", way.name, spread(t.Nanos[i], 1e3), digits(paired.Median(most[i])/1e3), ratio(t, i, t.Find(limit)))
	}
	must(w.Flush())
}

// warm is how many trips of a round come before those that count.
const warm = 100

// timeTrips returns what each of n trips took, sorted, in nanoseconds.
func timeTrips(w tripWay, n int) []float64 {
	trip, done := w.open(warm + n)
	for i := range warm {
		trip(i)
	}
	took := make([]float64, n)
	for i := range took {
		begin := time.Now()
		trip(warm + i)
		took[i] = float64(time.Since(begin))
	}
	done()
	slices.Sort(took)
	return took
}

// sizes of messages.
var sizes = []struct {
	bytes int
	name  string
}{{8, "8 bytes"}, {1024, "1 KiB"}}

// batches are how many messages share a call.
var batches = []int{1, 64}

func (b *bench) streams() {
	for _, s := range sizes {
		var rows []row
		for _, batch := range batches {
			for _, name := range talkers() {
				rows = append(rows, row{name: name, batch: batch, run: func(n int) { b.peer.stream(name, s.bytes, batch, n) }})
			}
		}
		b.measure("messages of "+s.name+", one way", rows)
	}
}

func (b *bench) echoes() {
	for _, s := range sizes {
		var rows []row
		for _, batch := range batches {
			for _, name := range talkers() {
				rows = append(rows, row{name: name, batch: batch, run: func(n int) { b.peer.echo(name, s.bytes, batch, n, inFlight) }})
			}
		}
		rows = append(rows, b.ringsOnly(s.bytes, inFlight))
		b.measure(fmt.Sprintf("messages of %s there and back, %d in flight; parfor.Map: as many as it likes", s.name, inFlight), append(rows, b.poolRows(s.bytes)...))
	}
}

func (b *bench) ringsOnly(size, inFlight int) row {
	return row{name: fmt.Sprintf("parfor's rings, %d in flight", inFlight), batch: 1,
		run: func(n int) { b.peer.echo(ownRings, size, 1, n, inFlight) }}
}
