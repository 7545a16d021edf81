//go:build unix

// Command transport times the ways in which two processes can send each other
// messages, and parfor's pool beside them, so that one sees what each step of a
// task's way costs and how far the pool is from what the machine can do.
//
//	go run ./transport                              everything, about 6 minutes
//	go run ./transport -rounds 5 -for 30ms          a first look, half a minute
//	go run ./transport -tables trip,parts           some of the tables
//	go run ./transport -match 'spinning|parfor'     some of the ways; the limit is always among them
//
// The two processes are this program and one more of it. It holds the other end
// of every way, does what it is ordered to over a pipe, and sleeps between orders.
// The pool has one worker, a third process. Two quiet cores are needed: with
// fewer than two the spinning ways wait for each other's time slices, and the program
// refuses.
//
// On a busy machine the limit is none: who spins waits for the other's time slice,
// while who sleeps lets messages gather. That also happens on a quiet one where
// messages go one way: ratios below 1 there are no mistake. A round holds an order
// and an answer, about 50 µs: -for should be at least 10 ms.
//
// The ways:
//
//	pipes, socketpair    "poller" are os.Files in Go's netpoller, "blocking" are raw system calls
//	ring                 memory mapped by both: one producer, one consumer, a sequence number in
//	                     front of each slot; who finds nothing sleeps, or looks for -spin first ("after
//	                     spinning"; who looked in vain leaves the next look out, then two, four,
//	                     as in the pool):
//	     futex           on a word in the memory (Linux)
//	     pipe            in read(2) of a pipe; both sides
//	     bell            as parfor does: the worker in read(2), the pool on a channel, which a
//	                     goroutine signals that reads a pipe in the netpoller
//	     spinning        never: the raw limit, which all ratios are to
//	parfor's rings       internal/shm, spinning, without codec, jobs, and owners
//	parfor               the pool itself
//
// Where a table says 64 a call, 64 messages share a system call, or a slot of the
// ring; their limit is the ring that does the same. Each message is written, and
// each is read: its number is checked, and one byte of each cache line looked at.
//
// Ways alternate within rounds, in an order shuffled by a seed; times are medians
// over rounds, ratios medians of the ratios within rounds with their 95 %
// interval. How many messages a round has is found before: as many as take -for.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"parfor.dev/parfor/process"
)

var (
	rounds = flag.Int("rounds", 21, "rounds to count")
	long   = flag.Duration("for", 100*time.Millisecond, "how long a way takes in a round")
	trips  = flag.Int("trips", 2000, "messages there and back in a round, one at a time")
	spin   = flag.Duration("spin", 40*time.Microsecond, "how long to look before sleeping, where that is the way")
	tables = flag.String("tables", "trip,stream,echo,parts,payload", "which to print")
	match  = flag.String("match", "", "regular expression for the names of the ways")
	seed   = flag.Uint64("seed", 1, "of the order")
)

func main() {
	if os.Getenv(peerMark) != "" {
		servePeer()
		return
	}
	flag.Parse()
	process.Main()
	if runtime.NumCPU() < 2 {
		fmt.Fprintln(os.Stderr, "transport: this machine has one core: two processes that spin would wait for each other's time slices")
		os.Exit(2)
	}
	wanted, err := regexp.Compile(*match)
	must(err)
	chosen := strings.Split(*tables, ",")
	for _, name := range chosen {
		if show[name] == nil {
			fmt.Fprintf(os.Stderr, "transport: no table %q: there are trip, stream, echo, parts, payload\n", name)
			os.Exit(2)
		}
	}
	fmt.Printf("%s %s/%s, %d cores, %v of spinning\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *spin)

	pool, err := process.NewPool(context.Background(), 1)
	must(err)
	b := &bench{peer: startPeer(), pool: pool, wanted: wanted}
	for _, name := range chosen {
		show[name](b)
	}
	b.peer.end()
	must(pool.Close())
}

var show = map[string]func(*bench){"trip": (*bench).trips, "stream": (*bench).streams, "echo": (*bench).echoes,
	"parts": (*bench).parts, "payload": (*bench).payloads}

// bench is what the tables are made with.
type bench struct {
	peer   *peer
	pool   *process.Pool
	wanted *regexp.Regexp
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(ok bool) {
	if !ok {
		panic("wrong result")
	}
}
