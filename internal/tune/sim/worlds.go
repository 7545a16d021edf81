package sim

import "time"

// World is a server and how long to watch a loop on it. A run takes a fresh
// one, as servers have a state.
type World struct {
	Name   string
	Server func() Server
	Until  time.Duration
	Steady time.Duration // from when on the number should have been found
	Cores  int
	Limit  float64 // the server's own limit in requests a second, if it has one

	Changes []time.Duration // when the server changes
}

const ms = time.Millisecond

// Charted are the worlds of the chart in the docs.
func Charted() []World {
	return []World{Free(Tailed(200 * ms)), Collapse(40), Limited(10, Exactly, 100*ms), Halved()}
}

// Free takes any number at once.
func Free(l Latency) World {
	return World{
		Name:   "takes any number at once",
		Server: func() Server { return Unlimited{l} },
		Until:  10 * time.Second, Steady: 2 * time.Second,
	}
}

// Knee works on so many requests at once.
func Knee(capacity int, l Latency) World {
	return World{
		Name:   "works on some at once",
		Server: func() Server { return &Queue{Latency: l, Capacity: Always(capacity)} },
		Until:  40 * time.Second, Steady: 15 * time.Second,
	}
}

// Collapse slows down when there are more than its capacity.
func Collapse(capacity int) World {
	return World{
		Name:   "slows down beyond 40 at once",
		Server: func() Server { return &Crowd{Latency: Tailed(100 * ms), Capacity: capacity, Loss: 0.5} },
		Until:  40 * time.Second, Steady: 15 * time.Second,
	}
}

// Limited answers 429 beyond 50 requests a second.
func Limited(burst float64, retry func(time.Duration) time.Duration, latency time.Duration) World {
	return World{
		Name: "answers 429 beyond 50 a second",
		Server: func() Server {
			return &Bucket{Server: Unlimited{Tailed(latency)}, Rate: 50, Burst: burst, Retry: retry, Quick: latency / 2}
		},
		Until: 60 * time.Second, Steady: 20 * time.Second, Limit: 50,
	}
}

// Halved has half its capacity for a while.
func Halved() World {
	return World{
		Name: "works on 80, 40, 80 at once",
		Server: func() Server {
			return &Queue{Latency: Tailed(100 * ms), Capacity: func(now time.Duration) int {
				if now >= 30*time.Second && now < 60*time.Second {
					return 40
				}
				return 80
			}}
		},
		Until: 90 * time.Second, Steady: 10 * time.Second,
		Changes: []time.Duration{30 * time.Second, 60 * time.Second},
	}
}

// Computing keeps cores busy.
func Computing(cores int, each time.Duration) World {
	return World{
		Name: "computes",
		Server: func() Server {
			return &Queue{Latency: Constant(each), Capacity: Always(cores), Computes: true}
		},
		Until: 20 * time.Second, Steady: 2 * time.Second, Cores: cores,
	}
}
