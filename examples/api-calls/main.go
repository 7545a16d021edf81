// Command api-calls sends POST requests in a loop: one after another, on
// goroutines, on worker processes. The body is the same function each time;
// one option says where it runs.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
	"parfor.dev/parfor/progress"
)

// api is where to send the requests. A worker process can't see the parent's
// variables: With gives it to the loop, Arg reads it in the body.
type api struct{ URL string }

// client is opened once per process, on first use.
var client = parfor.PerWorker(
	func(context.Context) (*http.Client, error) {
		return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}, nil
	},
	func(c *http.Client) error { c.CloseIdleConnections(); return nil })

// post sends request number n and returns the status code.
func post(ctx context.Context, n int) (int, error) {
	c, err := client.Get(ctx)
	if err != nil {
		return 0, err
	}
	body := fmt.Appendf(nil, `{"n":%d}`, n)
	req, err := http.NewRequestWithContext(ctx, "POST", parfor.Arg[api](ctx).URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

var _ = parfor.Register(post) // so that worker processes know it too

func main() {
	n := flag.Int("n", 100, "requests")
	flag.Parse()
	process.Main()

	server := httptest.NewServer(http.HandlerFunc(answer))
	defer server.Close()
	pool, err := process.NewPool(context.Background(), 2, process.ItemsPerWorker(8))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	for _, way := range []struct {
		name string
		on   parfor.Option
	}{
		{"sequential", parfor.On(parfor.Sequential())},
		{"16 goroutines", parfor.On(parfor.Goroutines(16))},
		{"2 processes x 8", parfor.On(pool)},
	} {
		codes, err := parfor.Map(context.Background(), parfor.Range(*n), post, way.on, parfor.With(api{server.URL}),
			parfor.Name(way.name), parfor.Observe(progress.Line(os.Stderr)))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%-16s %d answers, %d of them 200\n", way.name, len(codes), count(codes, 200))
	}
}

// answer takes 5 ms; one request in 50 is not found.
func answer(w http.ResponseWriter, r *http.Request) {
	var n int
	if _, err := fmt.Fscanf(r.Body, `{"n":%d}`, &n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	time.Sleep(5 * time.Millisecond)
	if n%50 == 0 {
		w.WriteHeader(http.StatusNotFound)
	}
}

func count(codes []int, code int) (n int) {
	for _, c := range codes {
		if c == code {
			n++
		}
	}
	return n
}
