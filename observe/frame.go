package observe

import "time"

// Totals counts items and attempts since the loop began.
type Totals struct {
	Running int           // attempts whose bodies run now
	OK      int64         // items that succeeded
	Failed  int64         // items that failed for good
	Retried int64         // attempts that failed and were tried again
	Skipped int64         // items a journal answered: done, and not run
	Busy    time.Duration // time in bodies, summed over workers
}

// Done is how many items are over with: they succeeded, failed for good, or
// were skipped.
func (t Totals) Done() int64 { return t.OK + t.Failed + t.Skipped }

// Worker is one worker's share of a frame.
type Worker struct {
	ID      int
	PID     int // 0 in this process
	OK      int64
	Failed  int64
	Retried int64
	Busy    time.Duration

	// The attempt that runs now, if Since is not 0: how long it has been
	// running, and which it is. Busy includes Since.
	Since   time.Duration
	Index   int
	Attempt int
}

// Flags of a slice.
type Flags uint8

// What a slice or task ended as. A task that only was cancelled has none.
const (
	OK Flags = 1 << iota
	Failed
	Retried
	TimedOut
	Killed
	Merged // the slice stands for several tasks that touched
)

// Slice is a stretch of time in which a worker ran one task, or several short
// ones that touched. Slices are sampled; failures, timeouts and kills always
// have one, of their own unless there are too many to draw.
//
// Slices of one worker come in order and never overlap, and their N add up to
// the tasks that were timed: sampling merges, it doesn't drop. How busy a
// worker was is exact in [Worker], not here.
type Slice struct {
	Worker  int
	Start   time.Duration // since the loop began
	Took    time.Duration
	Index   int // item of the first task
	Attempt int
	Flags   Flags // of a merged slice: all that its tasks had
	N       int   // tasks it stands for
}

// Group is a set of errors whose texts differ only in numbers, quoted text,
// paths and the like. See [Frame].
type Group struct {
	Text     string // the text they share: # for numbers but for exit codes and the like, … for quoted text
	Count    int64  // items that failed for good
	Retried  int64  // attempts that were tried again
	First    int    // the item that was seen first
	Attempts int    // the highest attempt that failed so
	Examples []int  // up to 3 items, in the order seen, First among them
}

// Frame is the state of a loop at one moment. Frames are cumulative but for
// Slices: whoever missed one has lost nothing else.
type Frame struct {
	Loop    uint64
	At      time.Duration // since the loop began
	Total   int           // items, -1 if not known
	Totals  Totals
	Workers []Worker // by ID; those that have done something
	Slices  []Slice  // new since the last frame
	Groups  []Group  // of errors, in the order seen; at most 101, the last is the rest
	Hist    Hist     // durations of tasks since the loop began, sampled below 10 µs
	Dicts   []Dict   // dictionaries used since the loop began, by name
}
