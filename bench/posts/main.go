// Command posts sends POST requests to a loopback API in a process of its own
// and keeps each status under its number: parfor beside an errgroup loop.
//
//	go run ./posts                         10000 posts at zero latency, 32 in flight
//	go run ./posts -n 500 -latency 200ms -j 100 -rounds 5 -processes 8
//	go run ./posts -latency 20ms -shared -processes 2 -rounds 5    with a shared dictionary, and without
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

func main() {
	n := flag.Int("n", 10_000, "requests a round")
	latency := flag.Duration("latency", 0, "of the API")
	inFlight := flag.Int("j", 32, "requests in flight")
	rounds := flag.Int("rounds", 21, "rounds to count")
	processes := flag.Int("processes", 0, "add a warm pool of so many worker processes, j requests in flight in all")
	shared := flag.Bool("shared", false, "add the same loops with a dictionary that the tasks share")
	serve := flag.Bool("serve", false, "be the API")
	flag.Parse()
	if *serve {
		api(*latency)
		return
	}
	process.Main()
	url, stop := start(*latency)
	defer stop()
	client := newClient()
	post := func(i int) (int, error) { return send(client, url, i) }
	keys := parfor.Range(*n)
	ctx := context.Background()
	ways := []paired.Way{
		{Name: "errgroup + map under a mutex", N: *n, Run: func() {
			var g errgroup.Group
			var mu sync.Mutex
			statuses := make(map[int]int, *n)
			g.SetLimit(*inFlight)
			for i := range *n {
				g.Go(func() error {
					code, err := post(i)
					mu.Lock()
					defer mu.Unlock()
					statuses[i] = code
					return err
				})
			}
			must(g.Wait())
			check(len(statuses) == *n)
		}},
		{Name: "parfor.ByKey", N: *n, Run: func() {
			statuses, err := parfor.ByKey(ctx, keys, func(_ context.Context, i int) (int, error) { return post(i) }, parfor.Workers(*inFlight))
			must(err)
			check(len(statuses) == *n)
		}},
	}
	statuses := func(opts ...parfor.Option) {
		must(codes.Clear(ctx))
		must(parfor.Each(ctx, keys, keepRemote, append(opts, parfor.With(target{url}))...))
		have, err := codes.Len(ctx)
		must(err)
		check(have == *n)
	}
	if *shared {
		ways = append(ways,
			paired.Way{Name: "parfor.Map, no dictionary", N: *n, Run: func() {
				_, err := parfor.Map(ctx, keys, postRemote, parfor.Workers(*inFlight), parfor.With(target{url}))
				must(err)
			}},
			paired.Way{Name: "parfor.Each, shared dictionary", N: *n, Run: func() { statuses(parfor.Workers(*inFlight)) }})
	}
	if *processes > 0 {
		pool, err := process.NewPool(ctx, *processes, process.ItemsPerWorker((*inFlight+*processes-1) / *processes))
		must(err)
		defer pool.Close()
		ways = append(ways, paired.Way{Name: "parfor.ByKey, warm processes", N: *n, Run: func() {
			statuses, err := parfor.ByKey(ctx, keys, postRemote, parfor.On(pool), parfor.With(target{url}))
			must(err)
			check(len(statuses) == *n)
		}})
		if *shared {
			ways = append(ways,
				paired.Way{Name: "parfor.Map, warm processes", N: *n, Run: func() {
					_, err := parfor.Map(ctx, keys, postRemote, parfor.On(pool), parfor.With(target{url}))
					must(err)
				}},
				paired.Way{Name: "shared dictionary, warm processes", N: *n, Run: func() { statuses(parfor.On(pool)) }})
		}
	}
	t := paired.Measure(ways, *rounds, 1)
	t.Print(os.Stdout, fmt.Sprintf("%d POSTs at %v, %d in flight", *n, *latency, *inFlight), "", "errgroup + map under a mutex", *inFlight)
	for _, pair := range [][2]string{{"parfor.Each, shared dictionary", "parfor.Map, no dictionary"}, {"shared dictionary, warm processes", "parfor.Map, warm processes"}} {
		if a, b := t.Find(pair[0]), t.Find(pair[1]); a >= 0 && b >= 0 {
			median, low, high := t.Ratio(a, b)
			fmt.Printf("  %s against %s: %.4f (%.4f – %.4f)\n", pair[0], pair[1], median, low, high)
		}
	}
	for i, w := range t.Ways {
		ns := paired.Median(t.Nanos[i])
		fmt.Printf("  %-30s %.3f s a round, %.0f requests/s\n", w.Name, ns*float64(*n)/1e9, 1e9/ns)
	}
}

// target is what a worker process can't see of its parent.
type target struct{ URL string }

var clients = parfor.PerWorker(
	func(context.Context) (*http.Client, error) { return newClient(), nil },
	func(c *http.Client) error { c.CloseIdleConnections(); return nil })

// postRemote is the body on worker processes.
func postRemote(ctx context.Context, i int) (int, error) {
	c, err := clients.Get(ctx)
	if err != nil {
		return 0, err
	}
	return send(c, parfor.Arg[target](ctx).URL, i)
}

// codes is the dictionary that tasks share.
var codes = dict.New[int, int]("codes")

func keepRemote(ctx context.Context, i int) error {
	code, err := postRemote(ctx, i)
	if err != nil {
		return err
	}
	return codes.Set(ctx, i, code)
}

var (
	_ = parfor.Register(postRemote)
	_ = parfor.RegisterEach(keepRemote)
)

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000, MaxIdleConns: 1000}}
}

func send(c *http.Client, url string, i int) (int, error) {
	res, err := c.Post(url, "application/json", bytes.NewReader(fmt.Appendf(nil, `{"n":%d,"name":"item-%d"}`, i, i)))
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

func start(latency time.Duration) (url string, stop func()) {
	cmd := exec.Command("/proc/self/exe", "-serve", "-latency", latency.String())
	in, err := cmd.StdinPipe()
	must(err)
	out, err := cmd.StdoutPipe()
	must(err)
	cmd.Stderr = os.Stderr
	must(cmd.Start())
	_, err = fmt.Fscanln(out, &url)
	must(err)
	return url, func() { in.Close(); cmd.Wait() }
}

// api echoes bodies after the latency and ends with its parent.
func api(latency time.Duration) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("http://%s/\n", l.Addr())
	go func() { io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
	must(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		time.Sleep(latency)
		w.Write(body)
	})))
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
