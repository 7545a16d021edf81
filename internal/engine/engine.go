// Package engine is the contract between a loop (package parfor) and an
// executor that runs tasks outside this process (packages process, cluster).
//
// The loop owns items, order, policy and results; the executor owns workers.
// Executors pull: a worker that has room calls [Job.Take], so nothing is
// queued ahead of need, and loops that share an executor take turns per batch.
package engine

import (
	"context"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// Task names one attempt of one item.
type Task struct {
	Index   int   // position of the item in the input, from 0
	Ref     int32 // the loop's own handle for the item, opaque to executors
	Attempt int32 // 1 for the first
}

// Arg is a value given to a loop with parfor.With, or a propagated context
// value, encoded once and decoded lazily in the worker.
type Arg struct {
	Name    string // the type's full name (With), the key's name (Propagate)
	Encoded []byte
}

// Spec is what is constant for one loop. Read-only once attached.
type Spec struct {
	Name    string         // for people: option Name, else the body's name
	Body    *registry.Body // never nil on a remote executor
	Ctx     context.Context
	Workers int           // cap on tasks running at once; 0 means the executor's own size
	Chunk   int           // tasks a worker takes at a time; 0 means by time
	Timeout time.Duration // per attempt, from its start; 0 means none

	Serializable bool          // every read of a dictionary counts
	Journal      []byte        // see task.Loop; with it, a key of 16 bytes comes before each item
	Ignores      []string      // likewise
	Grace        time.Duration // between a cancelled context and the kill
	Args         []Arg         // With
	Values       []Arg         // Propagate
	Meter        *meter.Loop   // counters, slices, events; never nil
	Label        func(Task) string

	// Inline says that tasks come one by one, from goroutines that wait for them,
	// and that no code of the user encodes the items: see Host.
	Inline bool
}

// Plain reports whether tasks of this loop need nothing in the worker but the
// body: no arguments, context values, deadline or timeout. Plain loops cost a
// worker no message when they start.
func (s *Spec) Plain() bool {
	if len(s.Args) > 0 || len(s.Values) > 0 || s.Timeout > 0 || s.Serializable || len(s.Journal) > 0 {
		return false
	}
	_, has := s.Ctx.Deadline()
	return !has
}

// Outcome is how an attempt ended. Out and Writes alias the executor's memory
// and are valid only during the call of [Job.Finish].
type Outcome struct {
	Out    []byte // encoded result, when Err is nil
	Kept   *bool  // unless nil, Settle sets it to keep Out's memory for itself
	Writes []byte // encoded write set of package dict; of a failure what it observed
	Err    error  // nil, the body's error, *parfor.PanicError, *parfor.TimeoutError, *parfor.WorkerError
	Worker int    // worker number, from 0
	PID    int
	Start  int64 // start of the attempt, nanoseconds of CLOCK_MONOTONIC
	Took   time.Duration
	Claims uint64 // what the attempt's claims are held by
	Commit uint64 // number of its commit, set by Settle

	Resumed bool // it ran for a program before this one, whose loop goes on

	// Note, unless nil, is for a commit of a loop that the executor records.
	Note *task.Note

	// Flags say how the job takes the attempt, for the meter: OK, Retried when
	// another is to follow, Failed, or nothing for an echo of the loop's end.
	// Settle sets them, once, and Finish goes by them.
	Flags observe.Flags
}

// Job is one loop, or one submitted call, as a remote executor sees it. All
// methods are safe for concurrent use and return quickly; none runs user code
// but Finish (a future's callbacks run elsewhere).
type Job interface {
	Spec() *Spec

	// Take claims up to len(dst) tasks that are ready now and says whether more
	// may come later. After the loop stopped it returns 0, false. When tasks
	// become ready again the job calls [Handle.Wake].
	Take(dst []Task) (n int, more bool)

	// Pending estimates how many tasks are left unclaimed, for the sizing of
	// batches; -1 when it can't be known. A job that doesn't know how many will
	// come may know how many are there: Waiting() int, for executors that start
	// workers when they are needed.
	//
	// A job that knows how many tasks it has in all may say so, for executors that
	// keep them: Total() int, -1 as long as it doesn't. One whose tasks add tasks
	// has a method Grows.
	Pending() int

	// AppendItem appends the encoding of a claimed task's item. It goes on with
	// tail, which aliases the item, where that is large. On error the executor
	// must Finish the task with that error.
	AppendItem(dst []byte, t Task) (head, tail []byte, err error)

	// Settle decides a claimed attempt that has ended: it stores the result and
	// commits dictionary writes. If that fails it sets o.Err. It comes right
	// before Finish; between them the executor counts the attempt.
	Settle(t Task, o *Outcome)

	// Finish reports the end of a claimed attempt, exactly once per claim. The
	// job reports the result, or schedules another attempt. o is the executor's
	// to reuse afterwards.
	Finish(t Task, o *Outcome)

	// Return gives back claimed tasks whose bodies never began: taken back from
	// a busy worker, or unstarted when their worker died.
	Return(ts []Task)
}

// Remote is an executor of tasks in other processes.
type Remote interface {
	// Check reports before anything starts whether the loop can run here.
	Check(*Spec) error

	// Attach offers the job's tasks to the workers and returns at once. While
	// Spec.Ctx is done no new task starts and running ones are cancelled:
	// context first, a kill after Spec.Grace.
	Attach(Job) (Handle, error)

	// Slots is how many tasks can run at once.
	Slots() int
}

// Handle is a job's place at an executor.
type Handle interface {
	// Wake says that Take may find something again. Cheap and never blocks.
	Wake()

	// Revoke takes a claimed task back from its worker if its body has not
	// begun; the task is then neither finished nor returned: it is gone.
	Revoke(Task) bool

	// Running reports whether the body of a claimed task has begun.
	Running(Task) bool

	// Kill has the worker killed that runs the body of a claimed task, which then
	// fails with cause; what else runs there may finish within Spec.Grace. It
	// returns at once, and does nothing if the body doesn't run.
	Kill(t Task, cause error)

	// Detach ends the attachment. The job calls it once every claimed task has
	// been finished, returned or revoked.
	Detach()
}

// Host is a Handle of an executor that lets goroutines which would only wait for
// it do its work meanwhile. Two goroutines that wake each other for a task of a
// microsecond cost several times the task.
type Host interface {
	Handle

	// Offer is Wake for a job with Spec.Inline, by a goroutine that holds no lock:
	// it may call Take and AppendItem before it returns.
	Offer()

	// Assist looks for the outcomes of such a job for some microseconds, and may
	// call Settle and Finish. It does nothing when there is somebody else to do it,
	// and promises nothing: the caller waits afterwards as it would have.
	Assist()
}

// Key seals parfor.Executor: nobody outside the module can name it.
type Key struct{}

// Engine is what an executor is made of: exactly one of the two is set.
type Engine struct {
	Kind   string // "sequential", "goroutines", "processes"
	Local  Local
	Remote Remote
	Ledger *Ledger // failed futures nobody has read
	Err    error   // a nil or closed executor

	// Records says that the executor records the loop, so that another program can
	// go on with it. Options for what is not recorded go with it.
	Records bool
}

// Local is a limit on goroutines of this process.
type Local interface {
	// Slots is how many tasks may run at once, over all loops that share it.
	Slots() int
	// Acquire waits for a slot; TryYield lets a waiter in between two tasks.
	Acquire(done <-chan struct{}) bool
	Release()
	Waiters() int
}
