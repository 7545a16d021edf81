package httpstatus_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/httpstatus"
)

func ExampleCheck() {
	var requests atomic.Int32
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusGone)
		case requests.Add(1) == 1:
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer api.Close()

	get := func(ctx context.Context, path string) (int, error) {
		req, err := http.NewRequestWithContext(ctx, "GET", api.URL+path, nil)
		if err != nil {
			return 0, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		if err := httpstatus.Check(resp); err != nil {
			return 0, err
		}
		return resp.StatusCode, nil
	}
	for r, err := range parfor.Stream(context.Background(), paths, get, parfor.Attempts(5), parfor.InOrder(), parfor.KeepGoing()) {
		fmt.Println(r.In, r.Out, err)
	}
	// Output:
	// /here 200 <nil>
	// /gone 0 parfor: item 1: 410 Gone
}

func paths(yield func(string) bool) { _ = yield("/here") && yield("/gone") }

// What a server asks for is part of the error.
func ExampleError() {
	resp := &http.Response{StatusCode: 429, Status: "429 Too Many Requests", Header: http.Header{"Retry-After": {"30"}}}
	var e *httpstatus.Error
	if err := httpstatus.Check(resp); errors.As(err, &e) {
		fmt.Println(e.Code, e.Throttled(), e.Temporary(), e.Wait == 30*time.Second)
		fmt.Println(err)
	}
	// Output:
	// 429 true true true
	// 429 Too Many Requests (asks to wait 30s)
}
