// Command loops times what a loop costs per item: the plain loop, loops by
// hand, parfor, and the libraries people use today, side by side in one run.
//
//	go run ./loops                    all cases
//	go run ./loops -rounds 21 1us     one case, more rounds
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"parfor.dev/parfor/bench/paired"
)

const workers = 2

func main() {
	rounds := flag.Int("rounds", 7, "rounds to count")
	seed := flag.Uint64("seed", 1, "of the order")
	flag.Parse()
	runtime.GOMAXPROCS(workers)
	fmt.Printf("%s %s/%s, %d workers on %d cores, seed %d\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, workers, runtime.NumCPU(), *seed)
	calibrate()
	want := flag.Args()
	for _, c := range cases() {
		if len(want) > 0 && !slices.Contains(want, c.name) {
			continue
		}
		var ways []paired.Way
		for _, l := range loops {
			n := c.n
			if l.dear {
				n = max(c.n/c.less, 1)
			}
			body := c.body(n)
			ways = append(ways, paired.Way{Name: l.name, N: n, Run: func() { l.run(n, body) }})
		}
		paired.Measure(ways, *rounds, *seed).Print(os.Stdout, c.name+": "+c.what, "plain loop", "guided by hand", workers)
	}
}

// workload is one kind of body. Loops that cost a goroutine or more per item
// get n/less items of the cheap ones.
type workload struct {
	name, what string
	n, less    int
	body       func(n int) func(int)
}

func cases() []workload {
	flat := func(rounds int) func(int) func(int) {
		return func(int) func(int) { return func(i int) { sink[i] = int32(spin(rounds)) } }
	}
	heavy := func(isHeavy func(n, i int) bool) func(int) func(int) {
		return func(n int) func(int) {
			return func(i int) {
				if isHeavy(n, i) {
					sink[i] = int32(spin(2000 * perMicro))
				} else {
					sink[i] = int32(i)
				}
			}
		}
	}
	random := make([]bool, 50_000)
	pick := rand.New(rand.NewPCG(7, 7))
	for range 50 {
		random[pick.IntN(len(random))] = true
	}
	return []workload{
		{"empty", "one store", 5_000_000, 10, func(int) func(int) { return func(i int) { sink[i] = int32(i) } }},
		{"1us", "1 µs of arithmetic", 100_000, 1, flat(perMicro)},
		{"50us", "50 µs of arithmetic", 4_000, 1, flat(50 * perMicro)},
		{"skew", "every 1000th item 2 ms, the others one store", 50_000, 1, heavy(func(_, i int) bool { return i%1000 == 0 })},
		{"skew-end", "the last 50 items 2 ms, the others one store", 50_000, 1, heavy(func(n, i int) bool { return i >= n-50 })},
		{"skew-random", "about 50 items at random 2 ms, the others one store", 50_000, 1, heavy(func(_, i int) bool { return random[i] })},
	}
}

var (
	sink     = make([]int32, 5_000_000)
	perMicro int // rounds of spin per microsecond
)

func spin(rounds int) uint32 {
	x := uint32(rounds) | 1
	for range rounds {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	return x
}

func calibrate() {
	best := time.Hour
	for range 20 {
		begin := time.Now()
		sink[0] = int32(spin(1_000_000))
		best = min(best, time.Since(begin))
	}
	perMicro = max(int(1_000_000*float64(time.Microsecond)/float64(best)), 1)
}
