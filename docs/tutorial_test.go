// Package docs tests the code of the pages beside it.
package docs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) {
	flag.Parse()
	process.TestMain(leak.Around(m))
}

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
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// client is opened once per process, on first use, and closed with it.
var client = parfor.PerWorker(openClient, closeClient)

// api is where to send the requests.
type api struct{ URL string }

var _ = parfor.Register(post) // so that worker processes know it too

func openClient(context.Context) (*http.Client, error) { return &http.Client{}, nil }

func closeClient(c *http.Client) error { c.CloseIdleConnections(); return nil }

// statuses is the same dictionary in every process of the program.
var statuses = dict.New[int, int]("statuses")

// keep sends request number n and keeps its status.
func keep(ctx context.Context, n int) error {
	code, err := post(ctx, n)
	if err != nil {
		return err
	}
	return statuses.Set(ctx, n, code)
}

var _ = parfor.RegisterEach(keep)

func TestTutorial(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Fscanf(r.Body, `{"n":%d}`, &n); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		} else if n%50 == 0 {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	if err := tutorial(t.Context(), t, server.URL); err != nil {
		t.Fatal(err)
	}
}

// tutorial is the page's loops, in its order.
func tutorial(ctx context.Context, t *testing.T, url string) error {
	target := parfor.With(api{url})
	check := func(codes []int, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for n, code := range codes {
			if want := expected(n); code != want {
				t.Fatalf("request %d: %d, want %d", n, code, want)
			}
		}
	}

	codes, err := parfor.Map(ctx, parfor.Range(500), post, parfor.On(parfor.Sequential()), target)
	check(codes, err)

	codes, err = parfor.Map(ctx, parfor.Range(500), post, parfor.Workers(100), target)
	check(codes, err)

	pool, err := process.NewPool(ctx, 2, process.ItemsPerWorker(13))
	if err != nil {
		return err
	}
	defer pool.Close()
	codes, err = parfor.Map(ctx, parfor.Range(500), post, parfor.On(pool), target)
	check(codes, err)

	err = parfor.Each(ctx, parfor.Range(500), keep, parfor.On(pool), target)
	if err != nil {
		return err
	}
	shared, err := statuses.Snapshot(ctx)
	if err != nil {
		return err
	}

	combined, err := parfor.ByKey(ctx, parfor.Range(500), post, parfor.On(pool), target)
	if err != nil {
		return err
	}
	if len(shared) != 500 || !maps.Equal(shared, combined) {
		t.Errorf("shared: %d keys, combined: %d, equal: %t", len(shared), len(combined), maps.Equal(shared, combined))
	}
	return nil
}

func expected(n int) int {
	if n%50 == 0 {
		return 404
	}
	return 200
}
