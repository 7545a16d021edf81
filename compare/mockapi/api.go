package mockapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxBody bounds what a request may send.
const maxBody = 1 << 20

// API answers requests. It is an [http.Handler], safe for concurrent use.
type API struct {
	cfg   Config
	limit *limiter // nil without RateLimit
	log   journal
	mux   *http.ServeMux

	requests, notFound, failed, dropped, limited, unnumbered, inFlight, peak atomic.Int64
}

// New returns an API that behaves as cfg says, or every fault of cfg.
func New(cfg Config) (*API, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	a := &API{cfg: cfg, mux: http.NewServeMux()}
	if cfg.RateLimit > 0 {
		a.limit = newLimiter(cfg.RateLimit)
	}
	a.mux.HandleFunc("GET /stats", a.serveStats)
	a.mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		a.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "POST")
		answer(w, http.StatusMethodNotAllowed, `{"error":"send a POST with a JSON body such as {\"number\": 17}, or GET /stats"}`)
	})
	return a, nil
}

// ServeHTTP answers one request after the configured wait. The wait ends early
// when the client goes away.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The mux is only for the rare requests: it costs more than the rest of an
	// answer without latency.
	if r.Method == http.MethodPost && r.URL.Path != "/reset" {
		a.servePost(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

func (a *API) servePost(w http.ResponseWriter, r *http.Request) {
	a.enter()
	defer a.inFlight.Add(-1)
	if a.limit != nil {
		if ok, wait := a.limit.admit(time.Now()); !ok {
			a.limited.Add(1)
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			answer(w, http.StatusTooManyRequests, `{"error":"rate limit: see Retry-After"}`)
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		answer(w, http.StatusBadRequest, fmt.Sprintf(`{"error":%q}`, err))
		return
	}
	number, ok := numberIn(body)
	if !ok {
		a.unnumbered.Add(1)
		if wait(r, a.cfg.Latency) {
			echo(w, body)
		}
		return
	}
	v := a.cfg.Verdict(number, a.log.add(number))
	if wait(r, v.Wait) {
		a.answerNumber(w, number, v)
	}
}

func (a *API) enter() {
	a.requests.Add(1)
	now := a.inFlight.Add(1)
	for {
		p := a.peak.Load()
		if now <= p || a.peak.CompareAndSwap(p, now) {
			return
		}
	}
}

// wait is false when the client went away first.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (a *API) answerNumber(w http.ResponseWriter, number int64, v Verdict) {
	switch {
	case v.Drop:
		a.dropped.Add(1)
		panic(http.ErrAbortHandler) // net/http's way to close the connection without an answer
	case v.Status == http.StatusServiceUnavailable:
		a.failed.Add(1)
		answer(w, v.Status, fmt.Sprintf(`{"number":%d,"error":"try again"}`, number))
	case v.Status == http.StatusNotFound:
		a.notFound.Add(1)
		answer(w, v.Status, fmt.Sprintf(`{"number":%d,"error":"there is no such number"}`, number))
	default:
		answer(w, v.Status, `{"number":`+strconv.FormatInt(number, 10)+`}`)
	}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client left: nobody to tell
}

func echo(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = jsonType
	if !json.Valid(body) {
		w.Header()["Content-Type"] = []string{"application/octet-stream"}
	}
	_, _ = w.Write(body)
}

var jsonType = []string{"application/json"}

// numberIn finds the integer under "number" in a JSON object.
func numberIn(body []byte) (int64, bool) {
	var b struct {
		Number *int64 `json:"number"`
	}
	if !bytes.Contains(body, []byte(`"number"`)) || json.Unmarshal(body, &b) != nil || b.Number == nil {
		return 0, false
	}
	return *b.Number, true
}

// Stats counts what was asked since the start or the last reset; with numbers
// also each number, which costs a copy of the log.
func (a *API) Stats(numbers bool) Stats {
	s := Stats{
		Requests: a.requests.Load(), Distinct: a.log.distinct(), NotFound: a.notFound.Load(),
		Failed: a.failed.Load(), Dropped: a.dropped.Load(), RateLimited: a.limited.Load(),
		Unnumbered: a.unnumbered.Load(), Untracked: a.log.untracked.Load(), PeakInFlight: a.peak.Load(),
	}
	if numbers {
		s.Numbers = a.log.counts()
	}
	return s
}

// Reset forgets every request. Call it while none is running, or they count
// partly before and partly after.
func (a *API) Reset() {
	for _, c := range []*atomic.Int64{&a.requests, &a.notFound, &a.failed, &a.dropped, &a.limited, &a.unnumbered, &a.peak} {
		c.Store(0)
	}
	a.log.reset()
}

func (a *API) serveStats(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = jsonType
	_ = json.NewEncoder(w).Encode(a.Stats(r.URL.Query().Has("numbers")))
}
