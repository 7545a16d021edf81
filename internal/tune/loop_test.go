package tune_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor/internal/tune"
	"parfor.dev/parfor/internal/tune/sim"
)

// loop calls a controller as a loop does: a goroutine for each attempt, and one
// that starts them and ticks.
type loop struct {
	server sim.Server
	c      *tune.Controller
	items  int
	start  time.Time
	ended  chan struct{} // has room for one: something ended

	mu      sync.Mutex
	r       *rand.Rand
	limit   tune.Limit
	sample  tune.Sample
	running int
	last    time.Duration // when Busy was added up
	ok      int
	sent    int
	refused int
	most    int // attempts at once
}

func (l *loop) now() time.Duration { return time.Since(l.start) }

// busy adds up the time in bodies; mu is held.
func (l *loop) busy() {
	now := l.now()
	l.sample.Busy += time.Duration(l.running) * (now - l.last)
	l.last = now
}

func (l *loop) run() (took time.Duration) {
	l.start, l.ended = time.Now(), make(chan struct{}, 1)
	l.r = rand.New(rand.NewPCG(1, 1))
	var pacer tune.Pacer
	var next time.Duration
	l.limit, next = l.c.Tick(0, tune.Sample{})
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		l.mu.Lock()
		if l.items == 0 && l.running == 0 {
			l.mu.Unlock()
			return l.now()
		}
		if l.now() >= next || l.sample.Refused > 0 {
			l.busy()
			l.sample.Running = l.running
			l.limit, next = l.c.Tick(l.now(), l.sample)
			l.sample = tune.Sample{}
		}
		wake := next
		for l.items > 0 && l.running < l.limit.Workers {
			if at := pacer.Ready(l.limit); at > l.now() {
				wake = min(wake, at)
				break
			}
			pacer.Started(l.now(), l.limit)
			l.busy()
			l.items--
			l.running++
			l.sent++
			l.most = max(l.most, l.running)
			go l.attempt(l.server.Arrive(l.now(), l.r))
		}
		l.mu.Unlock()
		timer.Reset(wake - l.now())
		select {
		case <-timer.C:
		case <-l.ended:
		}
	}
}

func (l *loop) attempt(a sim.Answer) {
	time.Sleep(a.Took)
	l.mu.Lock()
	l.busy()
	l.running--
	switch {
	case a.Refused:
		l.sample.Refused++
		l.sample.RetryAfter = max(l.sample.RetryAfter, a.RetryAfter)
		l.refused++
		l.items++
	case a.Failed:
		l.sample.Failed++
	default:
		l.sample.OK++
		l.sample.Took += a.Took
		l.ok++
	}
	l.mu.Unlock()
	select {
	case l.ended <- struct{}{}:
	default:
	}
}

// The main numbers, on goroutines and a clock of their own.
func TestLoop(t *testing.T) {
	for _, test := range []struct {
		name   string
		server sim.Server
		items  int
		within time.Duration
	}{
		{"500 requests of 200 ms", sim.Unlimited{Latency: sim.Constant(200 * ms)}, 500, 2 * time.Second},
		// 6000 at 200 a second are 30 s.
		{"40 at once", &sim.Queue{Latency: sim.Constant(200 * ms), Capacity: sim.Always(40)}, 6000, 33 * time.Second},
		// 3000 at 50 a second are 60 s.
		{"50 a second", &sim.Bucket{Server: sim.Unlimited{Latency: sim.Tailed(100 * ms)}, Rate: 50, Burst: 10, Retry: sim.Exactly, Quick: 50 * ms}, 3000, 66 * time.Second},
		// A Retry-After in seconds stops the loop for one at each refusal.
		{"50 a second, Retry-After: 1", &sim.Bucket{Server: sim.Unlimited{Latency: sim.Tailed(100 * ms)}, Rate: 50, Burst: 6, Retry: sim.Seconds, Quick: 50 * ms}, 3000, 75 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &loop{server: test.server, c: tune.New(tune.Config{}), items: test.items}
				took := l.run()
				t.Logf("%d in %v, %d at once at most, %d of %d refused", l.ok, took.Round(ms), l.most, l.refused, l.sent)
				if l.ok != test.items || took > test.within || 20*l.refused > l.sent {
					t.Errorf("%d of %d in %v, limit %v; %d of %d refused", l.ok, test.items, took, test.within, l.refused, l.sent)
				}
			})
		})
	}
}
