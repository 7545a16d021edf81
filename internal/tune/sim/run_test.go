package sim_test

import (
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor/internal/tune/sim"
)

func TestSeed(t *testing.T) {
	for _, w := range sim.Charted() {
		a := sim.Loop{Server: w.Server(), Until: 5 * time.Second, Fixed: 20, Seed: 7}.Do()
		b := sim.Loop{Server: w.Server(), Until: 5 * time.Second, Fixed: 20, Seed: 7}.Do()
		if !slices.Equal(a.Done, b.Done) || len(a.Done) == 0 {
			t.Errorf("%s: two runs of one seed differ", w.Name)
		}
	}
}

// Servers do what their names say, with numbers that follow from theirs.
func TestServers(t *testing.T) {
	const ms = time.Millisecond
	second := func(s sim.Server, workers int) *sim.Run {
		return sim.Loop{Server: s, Until: time.Second, Fixed: workers}.Do()
	}
	for _, test := range []struct {
		name    string
		run     *sim.Run
		ok      int
		refused int
	}{
		{"unlimited", second(sim.Unlimited{Latency: sim.Constant(100 * ms)}, 30), 300, 0},
		{"a queue of 10", second(&sim.Queue{Latency: sim.Constant(100 * ms), Capacity: sim.Always(10)}, 30), 100, 0},
		{"a crowd of 10", second(&sim.Crowd{Latency: sim.Constant(100 * ms), Capacity: 10, Loss: 1}, 10), 100, 0},
		{"10 a second and 5 at once", second(&sim.Bucket{Server: sim.Unlimited{Latency: sim.Constant(ms)}, Rate: 10, Burst: 5, Retry: sim.Never, Quick: 100 * ms}, 1), 13, 10},
		{"an outage", second(&sim.Outage{Server: sim.Unlimited{Latency: sim.Constant(100 * ms)}, From: 500 * ms, To: time.Hour, Quick: 100 * ms}, 1), 5, 0},
	} {
		if r := test.run; r.OK < test.ok-1 || r.OK > test.ok+1 || r.Refused > 0 != (test.refused > 0) {
			t.Errorf("%s: %d ok, %d failed, %d refused; expected %d ok", test.name, r.OK, r.Failed, r.Refused, test.ok)
		}
	}
	if r := second(&sim.Crowd{Latency: sim.Constant(100 * ms), Capacity: 10, Loss: 1}, 30); r.OK > 60 {
		t.Errorf("three crowds in one: %d ok", r.OK)
	}
}
