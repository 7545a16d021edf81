// Package child runs one command: in a process group of its own, its output
// read while it runs and kept in memory up to a bound, ended for good when its
// time is up or the caller has enough.
//
// child.go has what goes in and what comes out, run_unix.go a command's life,
// group_unix.go the ways to end it, start_unix.go the fork, ended_*.go how its
// end is noticed, capture.go what is kept of its output, lines.go output as it
// comes, find.go the search for programs, room.go threads for many of them,
// errors.go what goes wrong.
// run_other.go is all of it for systems without process groups.
//
// # What became of processes that a command left running
//
// A job is over when its command is over, as under xargs; GNU parallel waits
// for everything that holds the output. Whoever still holds it gets
// [Command.Linger] to finish what it is writing, is then told to end, and after
// [Command.Grace] made to; [Result.Leftover] tells. What is in the pipes by
// then has been read. A process that took its output elsewhere, as daemons do,
// is left alone. After a timeout or a cancelled context the whole group ends.
// Only a process that left the group (setsid, a shell's set -m) outlives this;
// if it holds the pipes, Run closes its ends after two Lingers.
//
// # What a command can't have
//
// Its group isn't the terminal's foreground one: ^C and ^Z at the terminal
// don't reach it, and to read from /dev/tty (a password) stops it. Run waits
// for a stopped command as for any other; Timeout and the context end it.
//
// # Cost
//
// A command costs two pipes, one vfork and no goroutine: Run's own waits for
// output and end together, in one poll, with a thread of its own.
package child

import (
	"context"
	"errors"
	"io"
	"syscall"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

// Defaults of a [Command].
const (
	DefaultGrace     = 5 * time.Second
	DefaultLinger    = 250 * time.Millisecond
	DefaultMaxOutput = 1 << 20
)

// Stream is one of the two outputs.
type Stream int

const (
	Stdout Stream = iota
	Stderr
)

func (s Stream) String() string {
	if s == Stderr {
		return "standard error"
	}
	return "standard output"
}

// Beyond is what happens to output beyond [Command.MaxOutput].
type Beyond int

const (
	Cut   Beyond = iota // is counted, not kept
	Spill               // goes to a temporary file without a name
)

// Command is a command to run. It may be run any number of times, at once too.
type Command struct {
	// Argv is the program and its arguments. A program without a slash is
	// looked up in this process's PATH, once; see [Find].
	Argv []string
	// Env is added to the environment that this process had when it first ran
	// a command, NAME=VALUE each, and replaces what has the same name there.
	Env []string
	// Dir is where the command runs; "": here.
	Dir string

	// Stdin is the command's input, StdinFrom a reader of it: an [*os.File] is
	// handed over as it is, of another reader what it has is copied until the
	// command ends or closes its input. Neither: /dev/null. A Read that still
	// blocks when the command has ended is left behind.
	Stdin     []byte
	StdinFrom io.Reader

	// Timeout ends the command; 0: none.
	Timeout time.Duration
	// Grace is the time between SIGTERM and SIGKILL; 0: DefaultGrace, below 0:
	// SIGKILL at once.
	Grace time.Duration
	// Linger is how long the pipes may stay silent and open once the command
	// has ended; 0: DefaultLinger. Whoever keeps writing gets ten times that.
	Linger time.Duration

	// MaxOutput is how many bytes of each stream are kept in memory; 0:
	// DefaultMaxOutput, below 0: none. Beyond says what happens to the rest.
	MaxOutput int64
	Beyond    Beyond
	// TempDir is where Spill puts its file; "": os.TempDir.
	TempDir string

	// Live, if set, gets each line with its newline as it comes; without one
	// it is the end of the output, or a piece of a line of over 1 MiB. It is
	// called by one goroutine at a time; the line is valid until it returns,
	// and while it blocks the command may.
	Live func(s Stream, line []byte)

	// Guard, if set, ends the command's group if this process is killed.
	Guard *procgroup.Guard
}

// Result is how a command ended.
type Result struct {
	Code     int            // exit status, 128+n if signal n ended it
	Signal   syscall.Signal // that signal, or 0
	TimedOut bool           // Timeout had passed; Code is what the command made of it
	Leftover bool           // processes it left behind held its output and were ended

	Stdout, Stderr Output
	Truncated      bool // of Stdout or Stderr some is not kept

	Started time.Time
	Took    time.Duration // until the command itself ended
}

// Close releases the files behind Stdout and Stderr, if there are any.
func (r *Result) Close() error {
	return errors.Join(r.Stdout.Close(), r.Stderr.Close())
}

// Run runs the command and blocks until it is over. That it fails is no error:
// see [Result.Code]. Errors are a [*StartError] if it didn't run, a
// [*SpillError] if output couldn't be kept, and the cause of ctx if that ended
// it; with the latter two the result holds what there was. The caller closes
// the result. Many goroutines may call it at once.
func Run(ctx context.Context, c *Command) (Result, error) {
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return Result{}, &StartError{Code: CodeNotFound, Err: errors.New("there is no program to run")}
	}
	path, err := Find(c.Argv[0])
	if err != nil {
		return Result{}, err
	}
	r, err := run(ctx, c, path)
	r.Truncated = r.Stdout.Dropped() > 0 || r.Stderr.Dropped() > 0
	return r, err
}

func orDefault[T int64 | time.Duration](v, byDefault T) T {
	if v == 0 {
		return byDefault
	}
	return max(v, 0)
}
