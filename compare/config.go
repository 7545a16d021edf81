package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare/mockapi"
)

// TutorialSizes are the numbers of requests that the tutorial draws.
func TutorialSizes() []int { return []int{5, 10, 50, 100, 500, 1000, 2500, 5000, 10000} }

const (
	tutorialRequests = 500
	// enoughRuns is what a verdict needs on both sides.
	enoughRuns = 5
	// longCell is what a cell may take before it is left out of a grid nobody
	// asked for in particular.
	longCell = 5 * time.Second
	// repeated cells take no longer; above it a single run says enough.
	repeated = time.Second
)

// Kind is what the body of the loop does.
type Kind string

// Kinds of bodies.
const (
	Post  Kind = "post"  // one POST, own JSON
	Sleep Kind = "sleep" // wait, as a call to anything outside does
	CPU   Kind = "cpu"   // count primes by trial division
	Alloc Kind = "alloc" // make garbage
	// Command runs Config.Command.
	Command Kind = "command"
)

// Body is what each task does. The zero value is a POST.
type Body struct {
	Kind  Kind
	Sleep time.Duration // of a Sleep
	Limit int           // of CPU: the item's share of the numbers below it
	Bytes int           // of Alloc: garbage per task
}

// Config says what to measure. The zero value, with Mock set, is the default
// experiment.
type Config struct {
	Args []string // the command line, for the report

	// Mock is the command that starts the API; --latency and the like are
	// appended. It prints the API's URL and ends when its standard input does.
	Mock []string
	API  mockapi.Config
	// URL is an API of the user's, asked instead. Its answers are kept, and
	// can't be compared with a rule.
	URL string
	// Command is a program and its arguments, run for each number instead of a
	// request, without a shell. The number takes the place of each {} in the
	// arguments, or is added at the end. What is kept is the exit status, which
	// must be the same however the command is run.
	Command []string

	Body      Body
	Sizes     []int // default: TutorialSizes or CommandSizes, without the cells that take over 5 s
	InFlight  int   // default: 16
	Sweep     []int // numbers in flight to measure at one size instead of sizes at one number
	Runs      int   // of a cell that takes up to a second, default 5
	Budget    time.Duration
	Seed      uint64 // of the order of runs; 0 picks one
	Tutorial  bool   // as printed: both pools with Python's default max_workers, no cell left out
	Kill      bool   // kill a worker process now and then
	Python    string // "post" or "session": run the tutorial's Python code beside; empty: don't
	PythonExe string // default: python3

	// Cluster, if set, adds a line for the agents of a cluster: it connects to them
	// and returns the executor. Agents run the function that is called AgentName.
	Cluster func(context.Context) (parfor.Executor, error)
	// ClusterSlots is how many items those agents run at once, 0 if it isn't known: the
	// report says so where that is less than what is in flight.
	ClusterSlots int

	Files    []string  // where the report goes: .html, .json, .csv, .svg
	Out      io.Writer // the table
	Progress io.Writer // lines while it runs
	Width    int       // of the terminal; 0 leaves nothing out
	Height   int       // of the terminal
	Redraw   bool      // Out is a terminal: the table is drawn again after each run
}

// withDefaults fills what is not set.
func (c Config) withDefaults() Config {
	if len(c.Command) > 0 {
		c.Body = Body{Kind: Command}
	}
	if c.Body.Kind == "" {
		c.Body.Kind = Post
	}
	if c.InFlight == 0 {
		c.InFlight = 16
	}
	if c.Runs == 0 {
		c.Runs = enoughRuns
	}
	if c.PythonExe == "" {
		c.PythonExe = "python3"
	}
	for _, w := range []*io.Writer{&c.Out, &c.Progress} {
		if *w == nil {
			*w = io.Discard
		}
	}
	c.Sizes = slices.Compact(slices.Sorted(slices.Values(c.Sizes)))
	return c
}

// Check reports every setting that makes no sense.
func (c Config) Check() error {
	var bad []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			bad = append(bad, fmt.Errorf(format, args...))
		}
	}
	for _, n := range c.Sizes {
		add(n < 1 || n > 1_000_000, "size %d: must be between 1 and 1,000,000", n)
	}
	for _, n := range append([]int{c.InFlight}, c.Sweep...) {
		add(n < 0 || n > 10_000, "%d in flight: must be between 1 and 10,000", n)
	}
	add(c.Runs < 0, "%d runs: must be at least 1", c.Runs)
	add(c.Budget < 0, "budget %v: must be positive", c.Budget)
	add(c.Body.Sleep < 0, "sleep %v: must be positive", c.Body.Sleep)
	add(c.Body.Limit < 0, "primes below %d: must be positive", c.Body.Limit)
	add(c.Body.Bytes < 0, "%d bytes of garbage: must be positive", c.Body.Bytes)
	add(!slices.Contains([]string{"", "post", "session"}, c.Python), "python %q: there is post and session", c.Python)
	add(len(c.Command) > 0 && c.URL != "", "a URL and a command: choose one")
	add(c.Cluster != nil && len(c.Command) > 0, "a command on a cluster: its agents run none for this")
	add(c.Body.Kind == Command && len(c.Command) == 0, "a command without a program")
	add(c.API.Drops > 0 || c.API.RateLimit > 0, "an API that drops or limits answers can't be checked")
	bad = append(bad, c.API.Check())
	return errors.Join(bad...)
}

// sizes of the grid, and whether they were asked for.
func (c Config) sizes() (sizes []int, explicit bool) {
	if len(c.Sizes) > 0 {
		return c.Sizes, true
	}
	if c.Body.Kind == Command {
		return CommandSizes(), false
	}
	return TutorialSizes(), c.Tutorial
}

// requests is the size at which the tutorial's ways are measured: 500, or what
// comes closest below it among the sizes asked for.
func (c Config) requests() int {
	sizes, explicit := c.sizes()
	if c.Body.Kind == Command && !explicit {
		return commandRequests
	}
	best := sizes[0]
	for _, n := range sizes {
		if n <= tutorialRequests {
			best = max(best, n)
		}
	}
	return best
}

// pythonThreads and pythonProcesses are the default max_workers of Python's
// executors on this machine.
func pythonThreads() int   { return min(32, runtime.NumCPU()+4) }
func pythonProcesses() int { return runtime.NumCPU() }

// Requests is how many requests a single round asks for, so that nobody sends
// ten thousand of them to a stranger's server unawares.
func (c Config) Requests() int {
	c = c.withDefaults()
	sizes, _ := c.sizes()
	total := 5 * c.requests()
	if len(c.Sweep) > 0 {
		return total + 2*len(c.Sweep)*c.requests()
	}
	for _, n := range sizes {
		total += 3 * n
	}
	return total
}
