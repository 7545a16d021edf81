package mockapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor/compare/mockapi"
)

func newAPI(t *testing.T, cfg mockapi.Config) (*mockapi.API, *httptest.Server) {
	t.Helper()
	api, err := mockapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(api)
	t.Cleanup(srv.Close)
	return api, srv
}

func post(t *testing.T, url, body string) (int, http.Header, string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestAnswersByNumber(t *testing.T) {
	_, srv := newAPI(t, mockapi.Config{NotFoundEvery: 50})
	for body, want := range map[string]int{
		`{"number": 17}`:                  200,
		`{"number": 0}`:                   404,
		`{"number": 50}`:                  404,
		`{"number": -50}`:                 404,
		`{"number": 51, "name": "x"}`:     200,
		`{"number": 9223372036854775807}`: 200,
	} {
		status, header, answer := post(t, srv.URL+"/items", body)
		if status != want || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s, want %d", body, status, header.Get("Content-Type"), want)
		}
		var asked, said struct{ Number int64 }
		if err := errors.Join(json.Unmarshal([]byte(body), &asked), json.Unmarshal([]byte(answer), &said)); err != nil || asked != said {
			t.Errorf("%s: answer %s does not echo the number", body, answer)
		}
	}
}

func TestBodiesWithoutANumberAreEchoed(t *testing.T) {
	api, srv := newAPI(t, mockapi.Config{})
	for _, body := range []string{"", "hello", `{"number": "x"}`, `{"n": 1}`, `{"number": 1.5}`, `[1]`, `{"number": 99999999999999999999}`} {
		if status, _, answer := post(t, srv.URL, body); status != 200 || answer != body {
			t.Errorf("%q: %d %q", body, status, answer)
		}
	}
	if s := api.Stats(true); s.Unnumbered != 7 || s.Distinct != 0 {
		t.Errorf("%+v", s)
	}
}

func TestStatsCountEachNumber(t *testing.T) {
	api, srv := newAPI(t, mockapi.Config{NotFoundEvery: 50})
	for _, n := range []int{1, 2, 2, 50} {
		post(t, srv.URL, fmt.Sprintf(`{"number":%d}`, n))
	}
	resp, err := http.Get(srv.URL + "/stats?numbers")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var s mockapi.Stats
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	if s.Requests != 4 || s.Distinct != 3 || s.NotFound != 1 || s.PeakInFlight != 1 ||
		s.Numbers[1] != 1 || s.Numbers[2] != 2 || s.Numbers[50] != 1 || len(s.Numbers) != 3 {
		t.Errorf("%+v", s)
	}
	if status, _, _ := post(t, srv.URL+"/reset", ""); status != http.StatusNoContent {
		t.Errorf("reset: %d", status)
	}
	if s := api.Stats(true); s.Requests != 0 || len(s.Numbers) != 0 || s.PeakInFlight != 0 {
		t.Errorf("after a reset: %+v", s)
	}
}

func TestErrorsAreDecidedByNumberAndAttempt(t *testing.T) {
	cfg := mockapi.Config{Errors: 0.2, NotFoundEvery: 50}
	api, srv := newAPI(t, cfg)
	failed := 0
	for n := range int64(300) {
		want := cfg.Verdict(n, 1)
		if status, _, _ := post(t, srv.URL, fmt.Sprintf(`{"number":%d}`, n)); status != want.Status {
			t.Fatalf("number %d: %d, want %d", n, status, want.Status)
		}
		if want.Status == 503 {
			failed++
		}
	}
	if s := api.Stats(false); int(s.Failed) != failed || failed < 30 || failed > 90 {
		t.Errorf("%d failed of 300, stats %d", failed, s.Failed)
	}
}

func TestDropsCloseTheConnection(t *testing.T) {
	api, srv := newAPI(t, mockapi.Config{Drops: 1})
	_, err := http.Post(srv.URL, "application/json", strings.NewReader(`{"number":1}`))
	if err == nil {
		t.Fatal("an answer")
	}
	if s := api.Stats(true); s.Dropped != 1 || s.Numbers[1] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRateLimitSaysWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, err := mockapi.New(mockapi.Config{RateLimit: 50})
		if err != nil {
			t.Fatal(err)
		}
		ok := 0
		for range 40 { // four a tick of 10 ms: 100 ms of 400 requests a second
			for range 4 {
				w := httptest.NewRecorder()
				api.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(`{"number":1}`)))
				switch w.Code {
				case 200:
					ok++
				case 429:
					if w.Header().Get("Retry-After") != "1" {
						t.Fatalf("Retry-After %q", w.Header().Get("Retry-After"))
					}
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		// 0.4 s at 50/s, and a tenth of a second ahead.
		if ok < 20 || ok > 26 {
			t.Errorf("%d admitted", ok)
		}
		if s := api.Stats(false); s.RateLimited != int64(160-ok) || s.Requests != 160 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLatencyIsAFloorAndJitterStaysInBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, err := mockapi.New(mockapi.Config{Latency: 100 * time.Millisecond, Jitter: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		var lo, hi time.Duration = time.Hour, 0
		for n := range 200 {
			t0 := time.Now()
			api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(fmt.Sprintf(`{"number":%d}`, n))))
			lo, hi = min(lo, time.Since(t0)), max(hi, time.Since(t0))
		}
		if lo < 50*time.Millisecond || hi > 150*time.Millisecond || hi-lo < 80*time.Millisecond {
			t.Errorf("%v to %v", lo, hi)
		}
	})
}

func TestALeavingClientEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, err := mockapi.New(mockapi.Config{Latency: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		t0 := time.Now()
		api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader(`{"number":1}`)))
		if d := time.Since(t0); d != time.Second {
			t.Errorf("waited %v", d)
		}
	})
}

func TestPeakInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, err := mockapi.New(mockapi.Config{Latency: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for n := range 16 {
			wg.Go(func() {
				api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(fmt.Sprintf(`{"number":%d}`, n))))
			})
		}
		wg.Wait()
		if s := api.Stats(false); s.PeakInFlight != 16 {
			t.Errorf("peak %d", s.PeakInFlight)
		}
	})
}

func TestRefusals(t *testing.T) {
	_, srv := newAPI(t, mockapi.Config{})
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 405 {
		t.Errorf("GET: %v", resp)
	}
	if status, _, _ := post(t, srv.URL, strings.Repeat("x", 1<<20+1)); status != 400 {
		t.Errorf("a body over the bound: %d", status)
	}
	_, err = mockapi.New(mockapi.Config{Latency: -1, Errors: 2, Drops: -1, RateLimit: -1, Jitter: 1, NotFoundEvery: -1})
	for _, word := range []string{"latency", "errors", "drops", "rate limit", "jitter", "not found every"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q is missing in %v", word, err)
		}
	}
}

func TestServeDrainsAndLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		if _, err := mockapi.Listen(addr, false); !errors.Is(err, mockapi.ErrNotLoopback) {
			t.Errorf("%s: %v", addr, err)
		}
	}
	l, err := mockapi.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	api, err := mockapi.New(mockapi.Config{Latency: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, l) }()
	answered := make(chan int, 1)
	go func() {
		defer close(answered)
		resp, err := http.Post("http://"+l.Addr().String(), "application/json", bytes.NewBufferString(`{"number":1}`))
		if err == nil {
			resp.Body.Close()
			answered <- resp.StatusCode
		}
	}()
	for api.Stats(false).Requests == 0 {
		runtime.Gosched()
	}
	cancel()
	if status := <-answered; status != 200 {
		t.Errorf("the running request: %d", status)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// BenchmarkPost is the rate that compare's server can sustain, client included.
func BenchmarkPost(b *testing.B) {
	api, err := mockapi.New(mockapi.Config{NotFoundEvery: 50})
	if err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(api)
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Post(srv.URL, "application/json", strings.NewReader(`{"number":17}`))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
}
