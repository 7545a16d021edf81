package sim

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"time"

	"parfor.dev/parfor/internal/tune"
)

// Loop is a loop to simulate.
type Loop struct {
	Server Server
	Items  int           // to do; 0 means no end
	Until  time.Duration // when to stop; 0 means when all is done
	Every  time.Duration // one item comes this often; 0 means that all are there
	Seed   uint64

	Fixed int              // workers, if there is no Tuner
	Tuner *tune.Controller // decides, if not nil
}

// Run is what a simulated loop did.
type Run struct {
	Took    time.Duration
	Sent    int // requests
	OK      int
	Failed  int
	Refused int
	Done    []time.Duration // when each success ended
	Limits  []Change
}

// Change is a limit and when it began.
type Change struct {
	At    time.Duration
	Limit tune.Limit
}

// Throughput is successes a second in a stretch of time.
func (r *Run) Throughput(from, to time.Duration) float64 {
	n := 0
	for _, at := range r.Done {
		if at >= from && at < to {
			n++
		}
	}
	return float64(n) / (to - from).Seconds()
}

// Workers is the number at a moment.
func (r *Run) Workers(at time.Duration) int {
	n := 0
	for _, c := range r.Limits {
		if c.At <= at {
			n = c.Limit.Workers
		}
	}
	return n
}

type flight struct {
	start, end time.Duration
	answer     Answer
	order      int
}

type flights []*flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(f[i].end, f[j].end), cmp.Compare(f[i].order, f[j].order)) < 0
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(*flight)) }
func (f *flights) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

// state is a loop under way.
type state struct {
	Loop
	run    Run
	r      *rand.Rand
	now    time.Duration
	air    flights
	left   int
	limit  tune.Limit
	pacer  tune.Pacer
	next   time.Duration // tick
	sample tune.Sample

	computing bool // some answers take CPU
}

const never = time.Duration(1<<63 - 1)

// Do runs the loop.
func (l Loop) Do() *Run {
	s := &state{Loop: l, r: rand.New(rand.NewPCG(l.Seed, 1)), left: l.Items, next: never}
	if l.Items == 0 {
		s.left = int(never)
	}
	s.limit = tune.Limit{Workers: l.Fixed}
	if l.Tuner != nil {
		s.limit, s.next = l.Tuner.Tick(0, tune.Sample{})
	}
	s.note()
	for {
		wake := s.start()
		at := min(wake, s.next)
		if len(s.air) > 0 {
			at = min(at, s.air[0].end)
		}
		if len(s.air) == 0 && s.left == 0 || l.Until > 0 && at > l.Until {
			break
		}
		s.advance(at)
		refused := s.land()
		if l.Tuner != nil && (refused || s.now >= s.next) {
			s.tick()
		}
	}
	s.run.Took = s.now
	return &s.run
}

// start starts what may start, and says when more may.
func (s *state) start() time.Duration {
	for s.left > 0 && len(s.air) < s.limit.Workers {
		if at := s.pacer.Ready(s.limit); at > s.now {
			return at
		}
		if s.Every > 0 {
			if at := time.Duration(s.run.Sent) * s.Every; at > s.now {
				return at
			}
		}
		s.pacer.Started(s.now, s.limit)
		a := s.Server.Arrive(s.now, s.r)
		s.computing = s.computing || a.CPU > 0
		s.run.Sent++
		s.left--
		heap.Push(&s.air, &flight{start: s.now, end: s.now + a.Took, answer: a, order: s.run.Sent})
	}
	return never
}

func (s *state) advance(to time.Duration) {
	s.sample.Busy += time.Duration(len(s.air)) * (to - s.now)
	if s.computing {
		for _, f := range s.air {
			if f.answer.CPU > 0 {
				s.sample.CPU += max(0, to-max(s.now, f.end-f.answer.CPU))
			}
		}
	}
	s.now = to
}

// land ends what has ended, and says whether something was refused.
func (s *state) land() (refused bool) {
	for len(s.air) > 0 && s.air[0].end <= s.now {
		f := heap.Pop(&s.air).(*flight)
		switch a := f.answer; {
		case a.Refused:
			s.sample.Refused++
			s.run.Refused++
			s.sample.RetryAfter = max(s.sample.RetryAfter, a.RetryAfter)
			s.left++ // to be tried again
			refused = true
			continue
		case a.Failed:
			s.sample.Failed++
			s.run.Failed++
		default:
			s.sample.OK++
			s.run.OK++
			s.run.Done = append(s.run.Done, s.now)
			s.sample.Took += f.end - f.start
		}
	}
	return refused
}

func (s *state) tick() {
	s.sample.Running = len(s.air)
	limit, next := s.Tuner.Tick(s.now, s.sample)
	s.sample = tune.Sample{}
	s.next = max(next, s.now+1)
	if limit != s.limit {
		s.limit = limit
		s.note()
	}
}

func (s *state) note() { s.run.Limits = append(s.run.Limits, Change{s.now, s.limit}) }
