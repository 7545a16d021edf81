// Command posts is the tutorial's loop past one machine: 10,000 POST requests
// through three agents, one of which is killed on the way, with number -> status
// as the result of all of them, and a dictionary that they share. docs/one-to-many.md
// explains it.
//
//	go run ./example/posts
//
// The agents are this program, started again; on other machines they would be
// started there. The server between them and the API run inside this program.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/compare/mockapi"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

var (
	serve    = flag.String("serve", "", "be an agent for the server of this `folder`")
	requests = flag.Int("n", 10_000, "send `N` requests")
)

// api is where to send the requests.
type api struct{ URL string }

// post sends request number n and returns the status code.
func post(ctx context.Context, n int) (int, error) {
	c, err := client.Get(ctx)
	if err != nil {
		return 0, err
	}
	body := fmt.Appendf(nil, `{"number":%d}`, n)
	req, err := http.NewRequestWithContext(ctx, "POST", parfor.Arg[api](ctx).URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Idempotency-Key", parfor.Key(ctx)) // an agent may die after it has sent
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, errors.Join(err, tally.Add(ctx, res.StatusCode, 1))
}

// tally is how many numbers had which status, at whichever agent.
var tally = dict.New[int, int]("tally")

// client is opened once per process, on first use, and closed with it.
var client = parfor.PerWorker(openClient, closeClient)

func openClient(context.Context) (*http.Client, error) {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, nil
}

func closeClient(c *http.Client) error { c.CloseIdleConnections(); return nil }

var _ = parfor.Register(post) // so that agents know it too

func main() {
	flag.Parse()
	process.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *serve != "" {
		err = agent(ctx, *serve)
	} else {
		err = run(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// agent serves until it is told to end. On other machines the address would be
// tls://nats.example.org:4222, and the credentials an option.
func agent(ctx context.Context, dir string) error {
	url, err := cluster.LocalURL(dir)
	if err != nil {
		return err
	}
	slots := cluster.Processes(1, process.ItemsPerWorker(16)) // they wait most of the time
	return cluster.Serve(ctx, url, slots, cluster.Redeliver(time.Second))
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "parfor")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := embed.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	target, stats, stop, err := startAPI(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var agents []*exec.Cmd
	for range 3 {
		agent, err := start(dir)
		if err != nil {
			return err
		}
		defer end(agent)
		agents = append(agents, agent)
	}
	x, err := cluster.Connect(ctx, server.URL())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	killed := killOne(agents[0], stats, int64(*requests/4))
	statuses, err := parfor.ByKey(ctx, parfor.Range(*requests), post, parfor.On(x), parfor.With(target))
	if e := <-killed; err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	shared, err := tally.Snapshot(ctx)
	if err != nil {
		return err
	}
	return report(statuses, shared, stats)
}

// report holds what the loop found against what the API saw, and against what its
// tasks have counted together.
func report(statuses, shared map[int]int, stats func() mockapi.Stats) error {
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	seen := stats()
	if seen.Distinct != int64(*requests) || len(statuses) != *requests {
		return fmt.Errorf("%d numbers have a status, the API was asked for %d of %d", len(statuses), seen.Distinct, *requests)
	}
	if !maps.Equal(shared, count) {
		return fmt.Errorf("the agents counted %v together, and the results say %v", shared, count)
	}
	fmt.Printf("%d numbers: %d × 200, %d × 404\n", len(statuses), count[200], count[404])
	fmt.Println("each was asked for, and counted once, though an agent was killed meanwhile")
	if again := seen.Requests - seen.Distinct; again > 0 {
		log.Printf("%d of them twice, with the same key", again)
	}
	return nil
}

// startAPI starts an API that answers after 5 ms.
func startAPI(ctx context.Context) (a api, stats func() mockapi.Stats, stop func() error, err error) {
	mock, err := mockapi.New(mockapi.Config{Latency: 5 * time.Millisecond, NotFoundEvery: mockapi.DefaultNotFoundEvery})
	if err != nil {
		return a, nil, nil, err
	}
	l, err := mockapi.Listen("127.0.0.1:0", false)
	if err != nil {
		return a, nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- mock.Serve(ctx, l) }()
	stats = func() mockapi.Stats { return mock.Stats(false) }
	return api{"http://" + l.Addr().String()}, stats, func() error { cancel(); return <-done }, nil
}

// killOne kills an agent once so many requests have been sent.
func killOne(agent *exec.Cmd, stats func() mockapi.Stats, after int64) <-chan error {
	done := make(chan error, 1)
	go func() {
		for stats().Requests < after {
			time.Sleep(time.Millisecond)
		}
		done <- agent.Process.Kill()
	}()
	return done
}

// start starts this program as an agent.
func start(dir string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	agent := exec.Command(self, "-serve", dir)
	agent.Stderr = os.Stderr
	return agent, agent.Start()
}

// end drains an agent, if it is still there, and waits for it.
func end(agent *exec.Cmd) {
	agent.Process.Signal(syscall.SIGTERM)
	agent.Wait()
}
