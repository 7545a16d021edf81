// Command adaptive calls an API without knowing how much of it the API takes:
// 500 requests that take 200 ms each, and then requests to an API that refuses more
// than 50 a second. Nobody gives a number; Auto finds one, and a rate.
//
//	go run ./examples/adaptive -v -slow 500 -limited 6000     takes two minutes
//	go run ./examples/adaptive -v -slow 500 -limited 0 -url http://127.0.0.1:PORT    against parfor mock
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare/mockapi"
	"parfor.dev/parfor/httpstatus"
	"parfor.dev/parfor/observe"
)

var (
	slow    = flag.Int("slow", 100, "requests to the slow API")
	limited = flag.Int("limited", 150, "requests to the limited API")
	perSec  = flag.Float64("rate", 50, "what the limited API takes a second")
	url     = flag.String("url", "", "an API that runs already, instead of one of our own")
	verbose = flag.Bool("v", false, "print numbers, and what Auto decides")
)

func main() {
	flag.Parse()
	ctx := context.Background()
	if *slow > 0 {
		api, stop := serve(ctx, mockapi.Config{Latency: 200 * time.Millisecond})
		run, took := loop(ctx, api, *slow)
		stop()
		note("%d requests of 200 ms: %v, %.0f a second", *slow, took.Round(time.Millisecond), float64(*slow)/took.Seconds())
		fmt.Println("slow API: all answered:", run.answered == int64(*slow), "- in a tenth of the time that one after the other takes:",
			took < time.Duration(*slow)*20*time.Millisecond)
	}
	if *limited > 0 {
		api, stop := serve(ctx, mockapi.Config{Latency: 20 * time.Millisecond, RateLimit: *perSec})
		run, took := loop(ctx, api, *limited)
		stop()
		note("%d requests at %v a second: %v, %.1f a second, %d answered 429 (%.1f %% of all requests)", *limited, *perSec, took.Round(time.Millisecond),
			float64(*limited)/took.Seconds(), run.refused, 100*float64(run.refused)/float64(run.answered+run.refused))
		fmt.Println("limited API: all answered:", run.answered == int64(*limited))
	}
}

// counts are what the answers were.
type counts struct{ answered, refused int64 }

// loop posts n numbers. A refused request is tried again, when the API says.
func loop(ctx context.Context, api string, n int) (counts, time.Duration) {
	var answered, refused atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	defer client.CloseIdleConnections()
	begin := time.Now()
	err := parfor.Each(ctx, parfor.Range(n), func(ctx context.Context, i int) error {
		err := post(ctx, client, api, i)
		var status *httpstatus.Error
		switch {
		case errors.As(err, &status) && status.Code == http.StatusTooManyRequests:
			refused.Add(1)
			return err
		case errors.As(err, &status) && status.Code == http.StatusNotFound: // an answer
		case err != nil:
			return err
		}
		answered.Add(1)
		return nil
	}, parfor.Auto(), parfor.Attempts(100), parfor.Observe(decisions{}))
	check(err)
	return counts{answered.Load(), refused.Load()}, time.Since(begin)
}

func post(ctx context.Context, client *http.Client, api string, i int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, api, bytes.NewReader(fmt.Appendf(nil, `{"number": %d}`, i)))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	return httpstatus.Check(resp)
}

// decisions prints what Auto decides.
type decisions struct{}

func (decisions) Start(observe.Start) {}
func (decisions) Frame(observe.Frame) {}
func (decisions) End(observe.End)     {}

func (decisions) Event(e observe.Event) {
	if e.Kind == observe.Scale {
		note("%8v  %s", e.At.Round(time.Millisecond), e.Text)
	}
}

// serve starts an API on the loopback interface.
func serve(ctx context.Context, cfg mockapi.Config) (api string, stop func()) {
	if *url != "" {
		return *url, func() {}
	}
	a, err := mockapi.New(cfg)
	check(err)
	l, err := mockapi.Listen("127.0.0.1:0", false)
	check(err)
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan error)
	go func() { over <- a.Serve(ctx, l) }()
	return "http://" + l.Addr().String(), func() {
		cancel()
		check(<-over)
	}
}

func note(format string, args ...any) {
	if *verbose {
		fmt.Printf(format+"\n", args...)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
