package tune

import "time"

// Sample is what happened in a loop since the last call of [Controller.Tick].
type Sample struct {
	OK      int // attempts that succeeded: what there should be more of
	Failed  int // attempts that failed, but for the refused: too many send the number down
	Refused int // attempts told to come back later (429, 503, an error with RetryAfter): they make a rate

	// Took sums the durations of the attempts in OK. A refusal or a failure is
	// quick or slow for reasons of its own.
	Took time.Duration

	// Busy is time in bodies since the last call, summed over workers, the
	// attempts that still run included. Over the time that passed it is the
	// average in flight, and tells whether the limit or the source held the
	// loop back; over the attempts that ended it is their duration (Little's
	// law) even before the first long one has ended.
	Busy time.Duration

	// CPU is the CPU time that the loop's process or processes used since the
	// last call. It tells bodies that compute from bodies that wait. 0 if it
	// isn't known.
	CPU time.Duration

	// Running is how many attempts run now. After a refusal nothing is
	// concluded before those that were under way have ended.
	Running int

	// RetryAfter is the longest wait a refusal asked for, 0 if none did.
	RetryAfter time.Duration
}

func (s Sample) ended() int { return s.OK + s.Failed }

func (s *Sample) add(t Sample) {
	s.OK += t.OK
	s.Failed += t.Failed
	s.Refused += t.Refused
	s.Took += t.Took
	s.Busy += t.Busy
	s.CPU += t.CPU
	s.Running = t.Running
	s.RetryAfter = max(s.RetryAfter, t.RetryAfter)
}
