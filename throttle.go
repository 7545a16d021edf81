package parfor

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Limit bounds how tasks start: by time, by how many run at once, or both.
type Limit struct {
	Rate     float64 // starts per second, or weight per second; 0 means any
	Burst    int     // starts, or weight, that may come at once after a rest; default 1
	InFlight int     // tasks, or weight, at once; 0 means any
}

// Rate bounds how often the loop starts a task: perSecond on average, and up to
// burst at once after a rest (a token bucket). Each attempt of a task counts, for
// whatever it calls does. A task that waits for its turn holds no worker, and the
// time isn't part of its Timeout. Rates of several loops add up.
func Rate(perSecond float64, burst int) Option {
	return limitOption(limitRule{Limit: Limit{Rate: perSecond, Burst: burst}}, "Rate", burst < 1)
}

// LimitBy bounds tasks key by key: per host, per customer, per API key. An item
// whose key is at its limit lets others pass, and holds no worker. Of one key items
// start in the order in which they came. key is called once for each item that is
// to start, on the loop's goroutines, and must be quick.
func LimitBy[In any](key func(In) string, l Limit) Option {
	return limitOption(limitRule{Limit: l, key: key}, "LimitBy", key == nil)
}

// LimitWeight bounds the sum of what tasks weigh: tokens of a request per minute,
// bytes of the images in flight. A task that weighs more than Burst starts when the
// burst is whole, and then makes others wait the longer; one that weighs more than
// InFlight runs alone. Weights below 0 count as 0.
func LimitWeight[In any](weight func(In) int, l Limit) Option {
	return limitOption(limitRule{Limit: l, weight: weight}, "LimitWeight", weight == nil)
}

// limitRule is an option that bounds starts.
type limitRule struct {
	Limit
	key    any // func(In) string, nil for one limit for all
	weight any // func(In) int, nil for 1
}

func limitOption(r limitRule, name string, bad bool) Option {
	return func(c *config) error {
		c.limits = append(c.limits, r)
		switch {
		case bad:
			return fmt.Errorf("%s: a function is nil, or the burst is below 1", name)
		case math.IsNaN(r.Rate) || math.IsInf(r.Rate, 0) || r.Rate < 0 || r.Burst < 0 || r.InFlight < 0:
			return fmt.Errorf("%s(%+v): must not be negative, and a rate finite", name, r.Limit)
		case r.Rate == 0 && r.InFlight == 0:
			return errors.New(name + ": give a rate above 0, or a number in flight")
		}
		return nil
	}
}

// throttle is a rule at work, in a running stream.
type throttle struct {
	Limit
	key    func(ref int32) string
	weight func(ref int32) float64
	quotas map[string]*quota
	sweep  int // quotas from which on idle ones are looked for
}

// quota is what a rule leaves to one key.
type quota struct {
	rule    *throttle
	tokens  float64 // as they were at
	at      time.Time
	running float64 // weight
	users   int     // entries that refer to it
	queue   []int32 // entries that wait for it, in order
	due     time.Time
	place   int  // in the gate's heap, from 1; 0: not there
	listed  bool // in the gate's list
}

// share is what an item takes of a quota.
type share struct {
	*quota
	weight float64
}

const firstSweep = 256

// share returns what an entry takes.
func (t *throttle) share(ref int32, now time.Time) share {
	k, w := "", 1.0
	if t.key != nil {
		k = t.key(ref)
	}
	if t.weight != nil {
		w = max(t.weight(ref), 0)
	}
	q := t.quotas[k]
	if q == nil {
		if len(t.quotas) >= max(t.sweep, firstSweep) {
			t.forget(now)
		}
		q = &quota{rule: t, tokens: float64(t.burst()), at: now}
		t.quotas[k] = q
	}
	q.users++
	return share{q, w}
}

// forget drops quotas that are as good as new.
func (t *throttle) forget(now time.Time) {
	for k, q := range t.quotas {
		if q.users == 0 && q.level(now) >= float64(t.burst()) {
			delete(t.quotas, k)
		}
	}
	t.sweep = 2 * len(t.quotas)
}

func (t *throttle) burst() int { return max(t.Burst, 1) }

// level is how many tokens there are now.
func (q *quota) level(now time.Time) float64 {
	return min(q.tokens+now.Sub(q.at).Seconds()*q.rule.Rate, float64(q.rule.burst()))
}

// wait is how long until its task may start: 0 for now, a negative time for not
// before another ends.
func (s share) wait(now time.Time) time.Duration {
	if most := float64(s.rule.InFlight); most > 0 && s.running > 0 && s.running+s.weight > most {
		return -1
	}
	if s.rule.Rate == 0 {
		return 0
	}
	missing := min(s.weight, float64(s.rule.burst())) - s.level(now)
	if missing < 1e-9 {
		return 0
	}
	return max(time.Duration(missing/s.rule.Rate*1e9), 1)
}

// take counts a start.
func (s share) take(now time.Time) {
	s.running += s.weight
	if s.rule.Rate > 0 {
		s.tokens, s.at = s.level(now)-s.weight, now
	}
}

// give counts an end; unused says that the task never began.
func (s share) give(unused bool) {
	if s.running -= s.weight; s.running < 1e-9 {
		s.running = 0
	}
	if unused && s.rule.Rate > 0 {
		s.tokens += s.weight
	}
}
