// Command dict times the dictionary that worker processes share: inserts,
// reads, additions, and Get-then-Set, with 1 and with 100 operations a task,
// and beside them a dictionary in one process against what programs use there.
//
//	go run ./dict
//	go run ./dict -rows insert,read -n 200000
//	go run ./dict -rows inprocess
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
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
		if !wants(w.row) {
			continue
		}
		count := *n
		if w.share > 0 {
			count /= w.share
		}
		for _, per := range []int{1, 100} {
			var took []float64
			for r := range *rounds + 1 {
				w.ready(ctx, *n)
				items := make([]span, 0, count/per)
				for lo := 0; lo+per <= count; lo += per {
					items = append(items, span{lo, per, *n})
				}
				if w.warm != nil { // the first read shares the entries
					must(parfor.Each(ctx, slices.Repeat([]span{{0, 1, *n}}, 4**workers), w.warm, parfor.On(pool)))
				}
				runtime.GC()
				begin := time.Now()
				must(parfor.Each(ctx, items, w.body, append([]parfor.Option{parfor.On(pool)}, w.opts...)...))
				d := time.Since(begin)
				w.check(ctx, len(items)*per)
				if r > 0 {
					took = append(took, float64(len(items)*per)/d.Seconds())
				}
			}
			report(w.name, per, took)
		}
	}
	must(pool.Close())
}

func report(name string, per int, rate []float64) {
	if *asJSON {
		json.NewEncoder(os.Stdout).Encode(map[string]any{"row": name, "per": per, "rate": paired.Median(rate),
			"min": slices.Min(rate), "max": slices.Max(rate)})
		return
	}
	fmt.Printf("  %-28s %4d per task %8.2f M/s   (%.2f – %.2f)\n", name, per, paired.Median(rate)/1e6, slices.Min(rate)/1e6, slices.Max(rate)/1e6)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
