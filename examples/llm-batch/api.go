package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// api is a model that is not there: what matters here is what it refuses, and what
// it bills.
type api struct {
	mu       sync.Mutex
	requests bucket
	tokens   bucket
	bills    map[string]int // by idempotency key
	calls    int
	at       int    // bills after which
	then     func() // is called, once
}

// bucket has so much a second, and as much in store.
type bucket struct {
	rate, left float64
	seen       time.Time
}

func (b *bucket) take(n float64, now time.Time) bool {
	b.left = min(b.left+now.Sub(b.seen).Seconds()*b.rate, b.rate)
	b.seen = now
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

func newAPI(requests, tokens float64) *api {
	now := time.Now()
	return &api{requests: bucket{requests, requests / 10, now}, tokens: bucket{tokens, tokens / 10, now}, bills: map[string]int{}}
}

func (a *api) serve() (url string, stop func()) { return listen(a) }

// when has f called after the nth bill.
func (a *api) when(n int, f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at, a.then = n, f
}

// paid is the sum of all bills.
func (a *api) paid() (sum int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.bills {
		sum += n
	}
	return sum
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var p Prompt
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	now := time.Now()
	switch key := r.Header.Get("Idempotency-Key"); {
	case !a.requests.take(1, now) || !a.tokens.take(float64(tokens(p)), now):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many", http.StatusTooManyRequests)
	case a.bills[key] > 0: // asked again: the same answer, no other bill
		a.answer(w, p)
	case a.calls%17 == 0:
		http.Error(w, "overloaded", http.StatusServiceUnavailable)
	default:
		a.bills[key]++
		if len(a.bills) == a.at && a.then != nil {
			a.then()
		}
		a.answer(w, p)
	}
}

func (a *api) answer(w http.ResponseWriter, p Prompt) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(Answer{Text: fmt.Sprint("answer ", p.ID), Price: tokens(p)})
}
