package mockapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare/mockapi"
)

// ask sends a number to the API and returns the status code.
func ask(url string) func(context.Context, int) (int, error) {
	return func(ctx context.Context, n int) (int, error) {
		body := strings.NewReader(fmt.Sprintf(`{"number": %d}`, n))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
		if err != nil {
			return 0, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
}

// The API as the handler of a test server, asked by a loop.
func ExampleNew() {
	api, err := mockapi.New(mockapi.Config{NotFoundEvery: mockapi.DefaultNotFoundEvery})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(api)
	defer server.Close()
	codes, err := parfor.Map(context.Background(), []int{49, 50, 51}, ask(server.URL))
	fmt.Println(codes, err)
	// Output: [200 404 200] <nil>
}

// The log proves that each request arrived exactly once.
func ExampleAPI_Stats() {
	api, _ := mockapi.New(mockapi.Config{})
	server := httptest.NewServer(api)
	defer server.Close()
	if _, err := parfor.Map(context.Background(), parfor.Range(100), ask(server.URL), parfor.Workers(8)); err != nil {
		fmt.Println(err)
	}
	stats := api.Stats(true)
	fmt.Println(stats.Requests, "requests,", stats.Distinct, "numbers; number 17:", stats.Numbers[17])
	// Output: 100 requests, 100 numbers; number 17: 1
}

// Between two measurements the API forgets the first.
func ExampleAPI_Reset() {
	api, _ := mockapi.New(mockapi.Config{})
	server := httptest.NewServer(api)
	defer server.Close()
	for range 2 {
		code, err := ask(server.URL)(context.Background(), 17)
		fmt.Println(code, err, api.Stats(true).Numbers)
		api.Reset()
	}
	// Output:
	// 200 <nil> map[17:1]
	// 200 <nil> map[17:1]
}

// The API on a port of its own until the context ends.
func ExampleAPI_Serve() {
	api, _ := mockapi.New(mockapi.Config{})
	l, err := mockapi.Listen("127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- api.Serve(ctx, l) }()

	code, err := ask("http://"+l.Addr().String())(ctx, 17)
	fmt.Println(code, err)
	cancel()
	fmt.Println(<-served)
	// Output:
	// 200 <nil>
	// <nil>
}

// An address that others can reach must be asked for.
func ExampleListen() {
	_, err := mockapi.Listen("0.0.0.0:0", false)
	fmt.Println(errors.Is(err, mockapi.ErrNotLoopback))

	l, err := mockapi.Listen("127.0.0.1:0", false)
	fmt.Println(l.Addr().Network(), err, l.Close())
	// Output:
	// true
	// tcp <nil> <nil>
}

func ExampleConfig_Check() {
	cfg := mockapi.Config{Latency: 5 * time.Millisecond, Jitter: 8 * time.Millisecond, Errors: 2}
	fmt.Println(cfg.Check())
	// Output:
	// jitter 8ms: must be between 0 and the latency, 5ms
	// errors 2: must be a share between 0 and 1
}

func ExampleConfig_String() {
	fmt.Println(mockapi.Config{Latency: 5 * time.Millisecond, NotFoundEvery: 50, Errors: 0.01, RateLimit: 200})
	// Output: 5 ms an answer, 1 in 50 says 404, 1% fail with 503, 429 beyond 200/s
}

// A client knows what to expect, and which attempt helps.
func ExampleConfig_Verdict() {
	cfg := mockapi.Config{NotFoundEvery: 50, Errors: 0.2}
	for attempt := range uint32(4) {
		fmt.Print(cfg.Verdict(1, attempt+1).Status, " ")
	}
	fmt.Println("and", cfg.Verdict(100, 1).Status)
	// Output: 503 503 200 200 and 404
}
