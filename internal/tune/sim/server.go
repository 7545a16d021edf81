package sim

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// Answer is what a request came to.
type Answer struct {
	Took       time.Duration
	Failed     bool
	Refused    bool
	RetryAfter time.Duration
	CPU        time.Duration // from the end of the answer back
}

// Server answers requests, which arrive in order of time.
type Server interface {
	Arrive(now time.Duration, r *rand.Rand) Answer
}

// Latency is how long a request takes that waits for nobody.
type Latency func(now time.Duration, r *rand.Rand) time.Duration

// Constant is the same for every request.
func Constant(d time.Duration) Latency {
	return func(time.Duration, *rand.Rand) time.Duration { return d }
}

// Tailed is lognormal with this median, and one in twenty requests takes
// three times as long or longer.
func Tailed(median time.Duration) Latency {
	sigma := math.Log(3) / 1.645
	return func(_ time.Duration, r *rand.Rand) time.Duration {
		return time.Duration(float64(median) * math.Exp(sigma*r.NormFloat64()))
	}
}

// Slower multiplies a latency from a moment on.
func Slower(l Latency, from time.Duration, times float64) Latency {
	return func(now time.Duration, r *rand.Rand) time.Duration {
		d := l(now, r)
		if now >= from {
			d = time.Duration(float64(d) * times)
		}
		return d
	}
}

// Unlimited takes any number of requests at once.
type Unlimited struct{ Latency Latency }

// Arrive answers a request.
func (u Unlimited) Arrive(now time.Duration, r *rand.Rand) Answer {
	return Answer{Took: u.Latency(now, r)}
}

// Queue works on some requests at once and lets the others wait in order: an
// M/M/c queue but for its latencies. If Computes, the requests use CPU while
// they are worked on.
type Queue struct {
	Latency  Latency
	Capacity func(now time.Duration) int
	Computes bool

	free times // when each place is free
}

// Always is a capacity that doesn't change.
func Always(n int) func(time.Duration) int { return func(time.Duration) int { return n } }

// Arrive answers a request.
func (q *Queue) Arrive(now time.Duration, r *rand.Rand) Answer {
	for c := q.Capacity(now); len(q.free) != c; {
		if len(q.free) < c {
			heap.Push(&q.free, now)
		} else {
			heap.Pop(&q.free)
		}
	}
	work := q.Latency(now, r)
	end := max(now, q.free[0]) + work
	q.free[0] = end
	heap.Fix(&q.free, 0)
	a := Answer{Took: end - now}
	if q.Computes {
		a.CPU = work
	}
	return a
}

// Crowd shares its capacity among all requests and loses some of it to each
// one beyond: throughput collapses when too many come at once.
type Crowd struct {
	Latency  Latency
	Capacity int
	Loss     float64 // of capacity, by each capacity's worth of requests too many

	ends times
}

// Arrive answers a request.
func (c *Crowd) Arrive(now time.Duration, r *rand.Rand) Answer {
	for len(c.ends) > 0 && c.ends[0] <= now {
		heap.Pop(&c.ends)
	}
	load := float64(len(c.ends)+1) / float64(c.Capacity)
	slow := max(1, load) * (1 + c.Loss*max(0, load-1))
	took := time.Duration(float64(c.Latency(now, r)) * slow)
	heap.Push(&c.ends, now+took)
	return Answer{Took: took}
}

// Bucket refuses requests beyond a rate, as a token bucket does.
type Bucket struct {
	Server
	Rate  float64 // a second
	Burst float64
	Retry func(wait time.Duration) time.Duration // the Retry-After of a refusal
	Quick time.Duration                          // how long a refusal takes

	used  float64 // of the burst
	asked time.Duration
}

// Exactly tells when the next request will be admitted.
func Exactly(wait time.Duration) time.Duration { return wait }

// Seconds rounds up to seconds, as the header does.
func Seconds(wait time.Duration) time.Duration {
	return (wait + time.Second - 1).Truncate(time.Second)
}

// Never leaves the header out.
func Never(time.Duration) time.Duration { return 0 }

// Arrive answers a request.
func (b *Bucket) Arrive(now time.Duration, r *rand.Rand) Answer {
	b.used = max(0, b.used-b.Rate*(now-b.asked).Seconds())
	b.asked = now
	if over := b.used + 1 - b.Burst; over > 1e-9 {
		wait := time.Duration(over / b.Rate * float64(time.Second))
		return Answer{Took: b.Quick, Refused: true, RetryAfter: b.Retry(wait)}
	}
	b.used++
	return b.Server.Arrive(now, r)
}

// Outage fails requests that arrive while it lasts.
type Outage struct {
	Server
	From, To time.Duration
	Quick    time.Duration // how long a failure takes
}

// Arrive answers a request.
func (o *Outage) Arrive(now time.Duration, r *rand.Rand) Answer {
	if now >= o.From && now < o.To {
		return Answer{Took: o.Quick, Failed: true}
	}
	return o.Server.Arrive(now, r)
}

// Fails fails some of the requests, whatever the number at once.
type Fails struct {
	Server
	Share float64
}

// Arrive answers a request.
func (f *Fails) Arrive(now time.Duration, r *rand.Rand) Answer {
	a := f.Server.Arrive(now, r)
	a.Failed = a.Failed || r.Float64() < f.Share
	return a
}

// times is a heap of moments.
type times []time.Duration

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(time.Duration)) }
func (t *times) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
