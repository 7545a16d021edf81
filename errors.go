package parfor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parfor.dev/parfor/internal/task"
)

// Errors that callers compare with errors.Is.
var (
	// ErrOption marks an option, or a combination of them, that makes no sense.
	// It is returned before anything runs; the text names every bad one.
	ErrOption = errors.New("parfor: invalid option")
	// ErrNotRegistered means that the body can't leave this process.
	ErrNotRegistered = errors.New("parfor: function is not registered")
	// ErrNoExecutor means On(nil).
	ErrNoExecutor = errors.New("parfor: no executor: the one given to On is nil")
	// ErrClosed means that the executor was closed.
	ErrClosed = errors.New("parfor: executor is closed")
	// ErrCanceled is the error of a future that was cancelled.
	ErrCanceled = errors.New("parfor: future was cancelled")
	// ErrGoexit means that the body called runtime.Goexit (testing's FailNow does).
	ErrGoexit = errors.New("parfor: body called runtime.Goexit")
	// ErrLoopTimeout means that LoopTimeout passed.
	ErrLoopTimeout = errors.New("parfor: the loop's deadline passed")
	// ErrTaskTimeout is what a *TimeoutError Is.
	ErrTaskTimeout = errors.New("parfor: attempt timed out")
	// ErrWouldDeadlock means that a body waited for its own executor without
	// the context it was given.
	ErrWouldDeadlock = errors.New("parfor: would deadlock: pass the context the body was given, so that it can lend its slot")
	// ErrTaskDone means that a task's context was used after its body returned.
	ErrTaskDone = task.ErrDone
	// ErrNoTask means that a task's context was needed.
	ErrNoTask = task.ErrNoTask

	errStopped = task.ErrStopped // cause of the loop's own cancel
)

// TaskError is the failure of one item. Its text shows the index and the
// label, never the input, which may be a secret.
type TaskError struct {
	Index   int
	Label   string // from the option Label
	Attempt int    // the last one, from 1
	Err     error
}

func (e *TaskError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "parfor: item %d", e.Index)
	if e.Label != "" {
		fmt.Fprintf(&b, " (%s)", e.Label)
	}
	if e.Attempt > 1 {
		fmt.Fprintf(&b, ", attempt %d", e.Attempt)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(trimPrefix(textOf(e.Err)))
	}
	return b.String()
}

func (e *TaskError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// PanicError is a panic of a body, on whichever executor it ran.
type PanicError struct {
	Value any // from another process: the value's text
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("parfor: body panicked: %v", e.Value) }

// Unwrap gives the value when the body panicked with an error.
func (e *PanicError) Unwrap() error {
	if e == nil {
		return nil
	}
	err, _ := e.Value.(error)
	return err
}

// TimeoutError is an attempt that overran its Timeout.
type TimeoutError struct {
	Limit     time.Duration
	Took      time.Duration // until the body returned, or was killed or abandoned
	Killed    bool          // its worker process was killed; PID says which
	Abandoned bool          // its goroutine was left behind (option Abandon)
	PID       int
	Stack     []byte // where it hung, when it had to be killed or abandoned
}

func (e *TimeoutError) Error() string {
	s := fmt.Sprintf("parfor: timed out after %v", e.Limit)
	switch {
	case e.Killed:
		s += fmt.Sprintf(", worker %d killed", e.PID)
	case e.Abandoned:
		s += ", goroutine left behind"
	}
	return s
}

// Timeout makes the error a net.Error-like timeout.
func (e *TimeoutError) Timeout() bool { return true }

// Is matches [ErrTaskTimeout].
func (e *TimeoutError) Is(target error) bool { return target == ErrTaskTimeout }

// Cause says why a worker process ended.
type Cause string

// Causes of a worker's end.
const (
	Killed        Cause = "killed"         // a signal from outside
	Fault         Cause = "fault"          // SIGSEGV, SIGBUS, SIGFPE, SIGILL
	FatalError    Cause = "fatal error"    // the Go runtime gave up
	StackOverflow Cause = "stack overflow" // the goroutine stack limit
	OOM           Cause = "out of memory"
	Exit          Cause = "exit" // os.Exit in the body
	RaceDetected  Cause = "race detected"
	StartFailed   Cause = "start failed"   // it ended before it could take a task
	CPUTime       Cause = "processor time" // the item had used all it may (process.CPULimit)
	Frozen        Cause = "frozen"         // it was stopped, or hung as a whole (process.Heartbeat)
)

// WorkerError is a worker process that died under a task.
type WorkerError struct {
	PID      int
	Cause    Cause
	Signal   string // "SIGKILL", empty if it exited
	ExitCode int    // -1 if a signal ended it
	PeakRSS  int64  // bytes
	Stderr   string // the end of what it wrote there
	Dump     string // goroutine dump, if there was one
	Reason   string // more about the cause, such as the limit that was passed, if known
}

func (e *WorkerError) Error() string {
	s := fmt.Sprintf("parfor: worker %d died: %s", e.PID, e.Cause)
	switch {
	case e.Signal != "":
		s += " (" + e.Signal + ")"
	case e.ExitCode >= 0:
		s += fmt.Sprintf(" (exit code %d)", e.ExitCode)
	}
	if e.PeakRSS > 0 {
		s += fmt.Sprintf(", peak memory %d MiB", e.PeakRSS>>20)
	}
	for _, more := range []string{e.Reason, lastLine(e.Stderr)} {
		if more != "" {
			s += ": " + more
		}
	}
	return s
}

// lastLine prefers the line that says why: Go prints it first, then stacks.
func lastLine(s string) string {
	last := ""
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		for _, p := range []string{"panic: ", "fatal error: ", "runtime: ", "unexpected fault address", "SIG"} {
			if strings.HasPrefix(line, p) {
				return line
			}
		}
		if line != "" {
			last = line
		}
	}
	return last
}
