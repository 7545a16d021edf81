// Command dict times the dictionary that worker processes share: inserts,
// reads, additions, and Get-then-Set, with 1 and with 100 operations a task,
// and beside them a dictionary in one process against what programs use there.
//
//	go run ./dict
//	go run ./dict -rows insert,read -n 200000
//	go run ./dict -rows inprocess
//
// Beside each row of worker processes it runs, in the same rounds, what the flags
// -lmdb, -redis and -manager name, and for reads a Go map.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
	"parfor.dev/parfor/process"
)

var asJSON = flag.Bool("json", false, "print a line of JSON for each row")

func main() {
	rounds := flag.Int("rounds", 5, "rounds to count")
	n := flag.Int("n", 1_000_000, "keys, and operations a round")
	workers := flag.Int("workers", 4, "worker processes")
	only := flag.String("rows", "insert,read,add,increment,inprocess", "which rows")
	match := flag.String("match", "", "part of the names of the rows wanted")
	batches := flag.String("per", "1,100", "operations per task")
	flag.Parse()
	process.Main()
	rows := strings.Split(*only, ",")
	wants := func(row string) bool { return slices.Contains(rows, row) }
	if !*asJSON {
		fmt.Printf("%s %s/%s, %d cores\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	}
	ctx := context.Background()
	if wants("inprocess") {
		inProcess(*n, *rounds)
	}
	if len(rows) == 1 && wants("inprocess") {
		return
	}
	pool, err := process.NewPool(ctx, *workers)
	must(err)
	if !*asJSON {
		fmt.Printf("\n%d worker processes, %d keys; operations per second\n", *workers, *n)
	}
	for _, w := range ways {
		if !wants(w.row) || !strings.Contains(w.name, *match) {
			continue
		}
		for _, per := range integers(*batches) {
			measure(ctx, pool, &w, *n, per, *workers, *rounds)
		}
	}
	must(pool.Close())
}

// measure times a row: in each round the dictionary, then who runs beside it.
func measure(ctx context.Context, pool parfor.Executor, w *way, n, per, workers, rounds int) {
	took := map[string][]float64{}
	for r := range rounds + 1 {
		note := func(who string, rate float64) {
			if r > 0 { // the first round warms up
				took[who] = append(took[who], rate)
			}
		}
		note("parfor", w.rate(ctx, pool, n, per, workers))
		if w.op == "" {
			continue
		}
		if *lmdb != "" {
			note("LMDB", lmdbRate(w.op, w.kind, n, per, workers))
		}
		if *redis != "" {
			note("Redis", redisRate(ctx, pool, w.op, w.kind == "text", n, per))
		}
		if *manager != "" {
			note("Manager", managerRate(w.op, w.kind, per, workers))
		}
		if w.warm != nil {
			plain, copied := goMapRate(w.op, w.kind, n, workers)
			note("Go map", plain)
			if copied > 0 {
				note("copied", copied)
			}
		}
	}
	report(w.name, per, took)
}

// rate runs the row once and returns operations per second.
func (w *way) rate(ctx context.Context, pool parfor.Executor, n, per, workers int) float64 {
	w.ready(ctx, n)
	if w.warm != nil { // the first read shares the entries
		must(parfor.Each(ctx, slices.Repeat([]span{{0, 1, n}}, 4*workers), w.warm, parfor.On(pool)))
	}
	items := spans(n/max(w.share, 1), per, n)
	runtime.GC()
	begin := time.Now()
	must(parfor.Each(ctx, items, w.body, append([]parfor.Option{parfor.On(pool)}, w.opts...)...))
	took := time.Since(begin)
	w.check(ctx, len(items)*per)
	return float64(len(items)*per) / took.Seconds()
}

// spans deals n operations over tasks of per each.
func spans(n, per, keys int) (items []span) {
	for lo := 0; lo+per <= n; lo += per {
		items = append(items, span{lo, per, keys})
	}
	return items
}

// report prints a row: rates, and of the others the ratio of ours to theirs
// within rounds.
func report(name string, per int, took map[string][]float64) {
	for _, who := range []string{"parfor", "LMDB", "Redis", "Manager", "Go map", "copied"} {
		rate := took[who]
		if rate == nil {
			continue
		}
		ratios := make([]float64, len(rate))
		for i := range rate {
			ratios[i] = took["parfor"][i] / rate[i]
		}
		if *asJSON {
			json.NewEncoder(os.Stdout).Encode(map[string]any{"row": name, "who": who, "per": per, "rate": paired.Median(rate),
				"min": slices.Min(rate), "max": slices.Max(rate), "ratio": paired.Median(ratios)})
			continue
		}
		fmt.Printf("  %-29s %4d per task  %-7s %7.2f M/s   (%.2f – %.2f)", name, per, who, paired.Median(rate)/1e6, slices.Min(rate)/1e6, slices.Max(rate)/1e6)
		if who != "parfor" {
			fmt.Printf("   parfor is %.2f (%.2f – %.2f) of it", paired.Median(ratios), slices.Min(ratios), slices.Max(ratios))
		}
		fmt.Println()
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// integers reads a list of numbers.
func integers(list string) (ns []int) {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		must(err)
		ns = append(ns, n)
	}
	return ns
}
