//go:build !race

// No test here has goroutines: the race detector would only make it slow.

package tune_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"parfor.dev/parfor/internal/tune"
	"parfor.dev/parfor/internal/tune/sim"
)

var numbers = []int{4, 10, 20, 40, 60, 80, 200, 1000}

// best is the highest throughput of any fixed number in a stretch of time.
func best(w sim.World, from, to time.Duration) (throughput float64, workers int) {
	for _, n := range numbers {
		r := sim.Loop{Server: w.Server(), Until: w.Until, Fixed: n, Seed: 99}.Do()
		if x := r.Throughput(from, to); x > throughput {
			throughput, workers = x, n
		}
	}
	return throughput, workers
}

func auto(w sim.World, seed uint64) (*sim.Run, *tune.Controller) {
	c := tune.New(tune.Config{Cores: w.Cores})
	return sim.Loop{Server: w.Server(), Until: w.Until, Tuner: c, Seed: seed}.Do(), c
}

// atLeast fails unless the controller reaches a share of the best fixed number.
func atLeast(t *testing.T, w sim.World, from, to time.Duration, share float64) {
	t.Helper()
	top, n := best(w, from, to)
	for seed := range uint64(3) {
		r, _ := auto(w, seed+1)
		got := r.Throughput(from, to)
		t.Logf("seed %d: %.1f a second with %d workers at the end, %.3f of the best fixed number, %d", seed+1, got, r.Workers(to), got/top, n)
		if got < share*top {
			t.Errorf("seed %d: %.1f a second from %v to %v; %d fixed workers do %.1f", seed+1, got, from, to, n, top)
		}
	}
}

func TestSteady(t *testing.T) {
	for _, w := range []sim.World{
		until(5*time.Second, 2*time.Second, sim.Free(sim.Constant(200*ms))),
		until(5*time.Second, 2*time.Second, named("takes any number, with a tail", sim.Free(sim.Tailed(200*ms)))),
		named("knee at 10", sim.Knee(10, sim.Tailed(100*ms))),
		named("knee at 40", sim.Knee(40, sim.Constant(200*ms))),
		named("knee at 40, with a tail", sim.Knee(40, sim.Tailed(200*ms))),
		until(12*time.Second, 5*time.Second, named("knee at 200, with a tail", sim.Knee(200, sim.Tailed(100*ms)))),
	} {
		t.Run(w.Name, func(t *testing.T) { atLeast(t, w, w.Steady, w.Until, 0.9) })
	}
}

// A server that collapses punishes numbers that are too high.
func TestCollapse(t *testing.T) {
	for _, capacity := range []int{10, 40} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			w := sim.Collapse(capacity)
			w.Until, w.Steady = 80*time.Second, 30*time.Second
			atLeast(t, w, w.Steady, w.Until, 0.9)
		})
	}
}

func until(until, steady time.Duration, w sim.World) sim.World {
	w.Until, w.Steady = until, steady
	return w
}

func named(name string, w sim.World) sim.World { w.Name = name; return w }

// 500 requests of 200 ms take 2 s at most, with no hint.
func TestFiveHundred(t *testing.T) {
	for name, l := range map[string]sim.Latency{"constant": sim.Constant(200 * ms), "tailed": sim.Tailed(200 * ms)} {
		for seed := range uint64(5) {
			r := sim.Loop{Server: sim.Unlimited{Latency: l}, Items: 500, Tuner: tune.New(tune.Config{}), Seed: seed + 1}.Do()
			fixed := sim.Loop{Server: sim.Unlimited{Latency: l}, Items: 500, Fixed: 100, Seed: seed + 1}.Do()
			t.Logf("%s, seed %d: %v; with 100 fixed workers %v", name, seed+1, r.Took.Round(ms), fixed.Took.Round(ms))
			if name == "constant" && r.Took > 2*time.Second || r.Took > 2*fixed.Took {
				t.Errorf("%s, seed %d: took %v, with 100 fixed workers %v", name, seed+1, r.Took, fixed.Took)
			}
		}
	}
}

// The number is found again when the world changes.
func TestChanges(t *testing.T) {
	w := sim.Halved()
	for _, p := range [][2]time.Duration{{15, 30}, {40, 60}, {75, 90}} {
		from, to := p[0]*time.Second, p[1]*time.Second
		t.Run(fmt.Sprint(from, to), func(t *testing.T) { atLeast(t, w, from, to, 0.9) })
	}
	slower := sim.World{
		Server: func() sim.Server {
			return &sim.Queue{Latency: sim.Slower(sim.Tailed(50*ms), 10*time.Second, 4), Capacity: sim.Always(60)}
		},
		Until: 45 * time.Second,
	}
	t.Run("four times the latency", func(t *testing.T) { atLeast(t, slower, 25*time.Second, slower.Until, 0.9) })
}

// Of failures for 4 seconds nothing is left some seconds later, and meanwhile
// there are fewer attempts.
func TestOutage(t *testing.T) {
	w := sim.World{
		Server: func() sim.Server {
			return &sim.Outage{Server: &sim.Queue{Latency: sim.Tailed(100 * ms), Capacity: sim.Always(60)}, From: 10 * time.Second, To: 14 * time.Second, Quick: 5 * ms}
		},
		Until: 30 * time.Second,
	}
	atLeast(t, w, 20*time.Second, w.Until, 0.9)
	r, _ := auto(w, 1)
	if before, during := r.Workers(10*time.Second), r.Workers(13*time.Second); during > before/4 {
		t.Errorf("%d workers before the failures, %d in them", before, during)
	}
	if fixed := (sim.Loop{Server: w.Server(), Until: w.Until, Fixed: 60, Seed: 1}).Do(); r.Failed > fixed.Failed/3 {
		t.Errorf("%d failures, with 60 fixed workers %d", r.Failed, fixed.Failed)
	}
}

// Failures that don't come with the number don't change it for long.
func TestSomeAlwaysFail(t *testing.T) {
	for _, share := range []float64{0.3, 0.7, 1} {
		w := sim.World{Server: func() sim.Server {
			return &sim.Fails{Server: sim.Unlimited{Latency: sim.Constant(100 * ms)}, Share: share}
		}, Until: 20 * time.Second}
		r, c := auto(w, 1)
		if n := r.Workers(w.Until); n < 500 {
			t.Errorf("%.0f %% always fail: %d workers; %v", 100*share, n, c.Decisions(nil, 0))
		}
	}
}

// Beyond 50 requests a second the server refuses: at most 5 % are.
func TestRateLimit(t *testing.T) {
	retries := map[string]func(time.Duration) time.Duration{"exact": sim.Exactly, "in whole seconds": sim.Seconds, "none": sim.Never}
	for name, retry := range retries {
		for _, burst := range []float64{1, 6, 10, 50} {
			for _, latency := range []time.Duration{ms, 20 * ms, 200 * ms} {
				w := sim.Limited(burst, retry, latency)
				for seed := range uint64(3) {
					r, _ := auto(w, seed+1)
					refused := float64(r.Refused) / float64(r.Sent)
					whole, steady := r.Throughput(0, w.Until)/w.Limit, r.Throughput(w.Steady, w.Until)/w.Limit
					t.Logf("Retry-After %s, burst %v, %v: %.3f of the limit, %.3f from %v on, %.3f refused", name, burst, latency, whole, steady, w.Steady, refused)
					if refused > 0.05 || steady < 0.88 || whole < 0.78 || burst > 1 && name != "in whole seconds" && whole < 0.9 {
						t.Errorf("Retry-After %s, burst %v, %v: %.3f of the limit, %.3f from %v on, %.3f refused", name, burst, latency, whole, steady, w.Steady, refused)
					}
				}
			}
		}
	}
}

// A rate that no longer limits is left.
func TestLimitGone(t *testing.T) {
	w := sim.World{Server: func() sim.Server {
		return &lifted{sim.Limited(10, sim.Exactly, 100*ms).Server(), sim.Unlimited{Latency: sim.Constant(100 * ms)}, 10 * time.Second}
	}, Until: 60 * time.Second}
	r, _ := auto(w, 1)
	if got := r.Throughput(50*time.Second, w.Until); got < 1000 {
		t.Errorf("%.1f a second 40 s after the limit of 50 was lifted", got)
	}
}

func TestComputing(t *testing.T) {
	for _, cores := range []int{1, 2, 8, 64} {
		for _, each := range []time.Duration{50 * time.Microsecond, 5 * ms, 2 * time.Second} {
			w := sim.Computing(cores, each)
			if each < ms {
				w.Until = 300 * ms
			}
			r, c := auto(w, 1)
			if n := r.Workers(w.Until); n != cores {
				t.Errorf("%d workers on %d cores, %v each: %v", n, cores, each, c.Decisions(nil, 0))
			}
		}
	}
	// Without knowing the CPU time throughput tells.
	w := sim.Computing(8, 5*ms)
	w.Cores = 0
	atLeast(t, w, w.Steady, w.Until, 0.9)
}

// Bodies of 30 s grow after the first of them, and not before.
func TestLongBodies(t *testing.T) {
	w := sim.World{Server: func() sim.Server { return sim.Unlimited{Latency: sim.Tailed(30 * time.Second)} }, Until: 10 * time.Minute}
	r, c := auto(w, 1)
	if n := r.Workers(10 * time.Second); n != 32 {
		t.Errorf("%d workers before anything ended", n)
	}
	if n := r.Workers(w.Until); n < 250 {
		t.Errorf("%d workers after 20 round trips: %v", n, c.Decisions(nil, 0))
	}
}

// Where the source is slow nothing is learnt from throughput, and nothing done.
func TestSlowSource(t *testing.T) {
	c := tune.New(tune.Config{})
	r := sim.Loop{Server: sim.Unlimited{Latency: sim.Constant(100 * ms)}, Every: 20 * ms, Until: 20 * time.Second, Tuner: c, Seed: 1}.Do()
	if n := r.Workers(r.Took); n != 32 {
		t.Errorf("%d workers: %v", n, c.Decisions(nil, 0))
	}
}

func TestFewItems(t *testing.T) {
	for _, items := range []int{1, 2, 31, 33} {
		r := sim.Loop{Server: sim.Unlimited{Latency: sim.Constant(100 * ms)}, Items: items, Tuner: tune.New(tune.Config{}), Seed: 1}.Do()
		if r.OK != items || r.Took > 225*ms {
			t.Errorf("%d of %d items in %v", r.OK, items, r.Took)
		}
	}
}

func TestCap(t *testing.T) {
	for _, most := range []int{1, 7, 50} {
		c := tune.New(tune.Config{Max: most})
		for _, w := range append(sim.Charted(), sim.Computing(64, 5*ms)) {
			r := sim.Loop{Server: w.Server(), Until: 20 * time.Second, Tuner: c, Seed: 1}.Do()
			for _, l := range r.Limits {
				if l.Limit.Workers > most || l.Limit.Workers < 1 {
					t.Fatalf("%s: %d workers, at most %d", w.Name, l.Limit.Workers, most)
				}
			}
			c = tune.New(tune.Config{Max: most})
		}
	}
}

type lifted struct {
	before, after sim.Server
	at            time.Duration
}

func (l *lifted) Arrive(now time.Duration, r *rand.Rand) sim.Answer {
	if now < l.at {
		return l.before.Arrive(now, r)
	}
	return l.after.Arrive(now, r)
}
