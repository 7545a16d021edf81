package parfor

import (
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/observe"
)

// Option changes how one loop runs. Options are checked before anything
// starts, all bad ones are reported together, and they don't change
// afterwards.
type Option func(*config) error

// ForCall does nothing: it makes the option one that process.Call takes beside
// those of package process.
func (Option) ForCall(engine.Key) {}

type config struct {
	executor   Executor
	onGiven    bool
	workers    int
	inOrder    bool
	window     int
	chunk      int
	keepGoing  bool
	timeout    time.Duration
	grace      time.Duration
	limit      time.Duration // of the whole loop
	attempts   int
	backoff    backoff
	attemptIf  func(error) bool
	budget     float64 // of further attempts, 0 for no bound
	limits     []limitRule
	auto       bool
	control    *Control
	name       string
	label      any // func(In) string, checked against In by the loop
	abandon    bool
	crash      bool
	duplicates Duplicates
	dupGiven   bool
	observers  []observe.Observer
	values     map[string]any // With, by type name

	conflicts    Conflicts
	serializable bool

	journaled journalOptions
}

func configure(opts []Option) (*config, error) {
	c := &config{attempts: 1, grace: defaultGrace}
	var bad []error
	for _, o := range opts {
		if o == nil {
			bad = append(bad, errors.New("an option is nil"))
			continue
		}
		if err := o(c); err != nil {
			bad = append(bad, err)
		}
	}
	if c.attempts == 1 && (c.backoff.first > 0 || c.attemptIf != nil || c.budget > 0) {
		bad = append(bad, errors.New("Backoff, AttemptIf and AttemptBudget need Attempts: a body is tried once without it"))
	}
	if c.abandon && c.timeout == 0 {
		bad = append(bad, errors.New("Abandon needs Timeout: it says when to leave a body behind"))
	}
	if err := c.journaled.check(); err != nil {
		bad = append(bad, err)
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrOption, errors.Join(bad...))
	}
	return c, nil
}

// On runs the loop on an executor instead of on goroutines of its own. A nil
// executor is ErrNoExecutor, except in a worker process, where a nested loop
// runs on that process's goroutines.
func On(x Executor) Option {
	return func(c *config) error { c.executor, c.onGiven = x, true; return nil }
}

// Workers caps the tasks of the loop that run at once. Default: 32 on
// goroutines (GOMAXPROCS for [For]), the executor's size elsewhere.
func Workers(n int) Option {
	return func(c *config) error { c.workers = n; return atLeast1("Workers", n) }
}

// InOrder makes [Stream] yield results in input order. A slow item holds back
// the ones after it, up to the window.
func InOrder() Option { return func(c *config) error { c.inOrder = true; return nil } }

// Window bounds how many items of a stream are taken from the source and not
// yet yielded; memory is O(window). Default: 4 × workers, at least 64 and, on
// worker processes, 4096.
func Window(n int) Option {
	return func(c *config) error { c.window = n; return atLeast1("Window", n) }
}

// Chunk fixes how many tasks a worker takes at a time. Default: as many as
// take about 50 µs in this process and a few milliseconds in another one.
func Chunk(n int) Option {
	return func(c *config) error { c.chunk = n; return atLeast1("Chunk", n) }
}

// KeepGoing runs every item, whatever fails. Default: the first failure stops
// the loop.
func KeepGoing() Option { return func(c *config) error { c.keepGoing = true; return nil } }

// Timeout limits each attempt, from its own start. On goroutines the context
// is cancelled and the attempt ends when the body returns; on processes a
// worker whose body does not return within the grace is killed.
func Timeout(d time.Duration) Option {
	return func(c *config) error { c.timeout = d; return positive("Timeout", d) }
}

// Grace is how long a body may take to return after its context ended, before
// a worker process is killed or a stalled goroutine reported. Default: 1s.
func Grace(d time.Duration) Option {
	return func(c *config) error { c.grace = d; return positive("Grace", d) }
}

// LoopTimeout limits the whole loop, which then fails with ErrLoopTimeout;
// results that were finished stay.
func LoopTimeout(d time.Duration) Option {
	return func(c *config) error { c.limit = d; return positive("LoopTimeout", d) }
}

// Attempts is how often a body is tried in all, 1 by default: a body never
// runs twice unless this says so. [Backoff] says how long to wait in between,
// [AttemptIf] and [Permanent] which failures are worth it, [AttemptBudget] how
// many further attempts the whole loop has.
func Attempts(n int) Option {
	return func(c *config) error { c.attempts = n; return atLeast1("Attempts", n) }
}

// Label gives items a name for error texts and observers. It must not reveal
// secrets; without it texts show the index alone.
func Label[In any](f func(In) string) Option {
	return func(c *config) error {
		c.label = f
		if f == nil {
			return errors.New("Label(nil): give a function")
		}
		return nil
	}
}

// Name names the loop for observers and errors. Default: the body's name.
func Name(s string) Option { return func(c *config) error { c.name = s; return nil } }

// Abandon lets a loop on goroutines leave a body behind that overran its
// Timeout and the grace. Its goroutine goes on until it returns; what it
// returns is dropped, and its dictionaries are closed to it.
func Abandon() Option { return func(c *config) error { c.abandon = true; return nil } }

// CrashOnPanic lets a panic of a body crash the program, as it would in a
// plain loop, instead of becoming a *PanicError. On worker processes, which
// can't crash their parent, it is an option error.
func CrashOnPanic() Option { return func(c *config) error { c.crash = true; return nil } }

// Observe adds an observer.
func Observe(o observe.Observer) Option {
	return func(c *config) error {
		if o == nil {
			return errors.New("Observe(nil): give an observer")
		}
		c.observers = append(c.observers, o)
		return nil
	}
}

// Duplicates says what a double key means to [ByKey] and [Associate].
type Duplicates int

// Rules for double keys.
const (
	RefuseDuplicates Duplicates = iota // an error that names both items (default)
	KeepFirst                          // the item with the lower index wins
	KeepLast                           // the item with the higher index wins
)

// OnDuplicate sets the rule for double keys.
func OnDuplicate(d Duplicates) Option {
	return func(c *config) error {
		c.duplicates, c.dupGiven = d, true
		if d < RefuseDuplicates || d > KeepLast {
			return fmt.Errorf("OnDuplicate(%d): no such rule", d)
		}
		return nil
	}
}

const defaultGrace = time.Second

func atLeast1(name string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s(%d): must be at least 1", name, n)
	}
	return nil
}

func positive(name string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s(%v): must be positive", name, d)
	}
	return nil
}
