package executortest

import (
	"testing"
	"time"

	"parfor.dev/parfor"
)

var steeringChecks = []check{
	{"Limit_InFlightOfAKey", 0, limitsInFlight},
	{"Limit_Weight", 0, limitsWeight},
	{"Limit_LosesNothing", 0, limitsLoseNothing},
	{"Auto_LosesNothing", 0, autoLosesNothing},
	{"Control_PausedFromTheStart", 0, pausedFromTheStart},
	{"Control_KillsOneTask", 0, killsOneTask},
	{"Control_StopEndsTheLoop", 0, stopEndsTheLoop},
}

// gated are n items that pass the gate.
func gated(g *gate, n int) []Step {
	in := make([]Step, n)
	for i := range in {
		in[i] = Step{N: i, At: g.address()}
	}
	return in
}

func limitsInFlight(t *testing.T, s *subject) {
	g := openGate(t)
	one := func(Step) string { return "the same" }
	_, err := parfor.Map(within(t), gated(g, 40), act, s.on(4, parfor.LimitBy(one, parfor.Limit{InFlight: 1}))...)
	if most := g.mostInside(); err != nil || most != 1 || len(g.visits()) != 40 {
		t.Errorf("%v, %d at once of %d", err, most, len(g.visits()))
	}
}

func limitsWeight(t *testing.T, s *subject) {
	g := openGate(t)
	_, err := parfor.Map(within(t), gated(g, 40), act,
		s.on(4, parfor.LimitWeight(func(Step) int { return 10 }, parfor.Limit{InFlight: 25}))...)
	if most := g.mostInside(); err != nil || most > 2 || len(g.visits()) != 40 {
		t.Errorf("%v, %d at once of %d", err, most, len(g.visits()))
	}
}

func limitsLoseNothing(t *testing.T, s *subject) {
	key := func(n int) string { return string(rune('a' + n%7)) }
	out, err := parfor.Map(within(t), parfor.Range(3000), square, s.on(4, parfor.Rate(1e6, 10),
		parfor.LimitBy(key, parfor.Limit{Rate: 1e5, Burst: 3, InFlight: 2}), parfor.LimitWeight(func(n int) int { return n % 3 }, parfor.Limit{InFlight: 3}))...)
	areSquares(t, out, err)
}

func autoLosesNothing(t *testing.T, s *subject) {
	out, err := parfor.Map(within(t), parfor.Range(3000), square, s.on(4, parfor.Auto())...)
	areSquares(t, out, err)
}

func areSquares(t *testing.T, out []int, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range out {
		if v != i*i {
			t.Fatalf("item %d came to %d", i, v)
		}
	}
}

// loopOf waits until the loop runs.
func loopOf(t *testing.T, c *parfor.Control) parfor.Status {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if all := c.Loops(); len(all) > 0 {
			return all[0]
		}
	}
	t.Error("the loop doesn't begin")
	return parfor.Status{}
}

func pausedFromTheStart(t *testing.T, s *subject) {
	g := openGate(t)
	var c parfor.Control
	c.Pause()
	looked := make(chan int)
	go func() {
		loopOf(t, &c)
		looked <- len(g.visits())
		c.Resume()
	}()
	over := make(chan error)
	go func() {
		_, err := parfor.Map(within(t), gated(g, 10), act, s.on(2, parfor.WithControl(&c))...)
		over <- err
	}()
	if n := <-looked; n != 0 {
		t.Errorf("%d bodies ran while the loop was paused", n)
	}
	if err := <-over; err != nil || len(g.visits()) != 10 {
		t.Error(err, len(g.visits()))
	}
}

// KeepGoing: the task that is killed is the only one that fails.
func killsOneTask(t *testing.T, s *subject) {
	g := newGate(t)
	in := make([]Step, 6)
	for i := range in {
		in[i] = Step{N: i}
	}
	in[2] = Step{N: 2, At: g.address()}
	var c parfor.Control
	over := make(chan error)
	go func() {
		_, err := parfor.Map(within(t), in, act, s.on(2, parfor.WithControl(&c), parfor.KeepGoing(), parfor.Attempts(3), parfor.Grace(50*time.Millisecond))...)
		over <- err
	}()
	g.await(2)
	for !c.Kill(2) { // the body runs; the executor is about to know
		time.Sleep(time.Millisecond)
	}
	err := <-over
	equal(t, "failed", failedItems(err), []int{2})
	mustBe(t, err, parfor.ErrKilled)
	if c.Kill(2) {
		t.Error("a task of a loop that ended was killed")
	}
}

func stopEndsTheLoop(t *testing.T, s *subject) {
	g := newGate(t)
	var c parfor.Control
	over := make(chan error)
	go func() {
		_, err := parfor.Map(within(t), gated(g, 100), act, s.on(2, parfor.WithControl(&c), parfor.Grace(50*time.Millisecond))...)
		over <- err
	}()
	g.next()
	c.Stop()
	le := loopError(t, <-over)
	mustBe(t, le.Cause, parfor.ErrStopped)
	if le.Failed != 0 || le.Done(99) {
		t.Errorf("%d failed; the last is done: %v", le.Failed, le.Done(99))
	}
	g.empty(t)
}
