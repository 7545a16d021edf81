package cluster

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/process"
)

// Option changes how [Connect] and [Serve] work. What is for one of them only is
// refused by the other.
type Option func(*options) error

// side is who takes an option.
type side string

const (
	connects side = "Connect"
	serves   side = "Serve"
)

type options struct {
	side    side
	space   names.Space
	version string
	store   names.Store
	nats    []nats.Option

	wait            time.Duration // Connect
	life            time.Duration
	keep, keepNamed time.Duration

	slots      int // Serve
	only       []string
	inProcess  bool
	pool       []process.Option
	redeliver  time.Duration
	deliveries int
	grace      time.Duration
}

func configure(s side, opts []Option) (options, error) {
	o := options{side: s, space: "default", wait: 30 * time.Second, life: 30 * time.Second, keep: time.Hour, keepNamed: 7 * 24 * time.Hour, redeliver: 30 * time.Second, deliveries: 5, grace: 30 * time.Second}
	var errs []error
	for _, opt := range opts {
		errs = append(errs, opt(&o))
	}
	return o, errors.Join(errs...)
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{parfor.ErrOption}, args...)...)
}

// only makes an option that one of the two takes.
func only(s side, name string, set func(*options) error) Option {
	return func(o *options) error {
		if o.side != s {
			return bad("%s is for cluster.%s", name, s)
		}
		return set(o)
	}
}

// Namespace keeps loops and agents apart from those of other namespaces on the
// same servers. The default is "default". It separates, it doesn't protect:
// tenants that must not see each other have NATS accounts of their own.
func Namespace(name string) Option {
	return func(o *options) error {
		o.space = names.Space(name)
		if err := o.space.Check(); err != nil {
			return bad("Namespace: %v", err)
		}
		return nil
	}
}

// Version shares functions between builds and programs: agents and loops with the
// same version fit, if the function has the same name. Without it only the very
// build that runs the loop fits. Give functions a name with parfor.RegisterAs:
// those of package main are not shared, for every program has a main.
func Version(v string) Option {
	return func(o *options) error {
		if v == "" {
			return bad("Version: it can't be empty")
		}
		o.version = v
		return nil
	}
}

// NATS adds options of the NATS client: TLS, credentials, proxies.
func NATS(opts ...nats.Option) Option {
	return func(o *options) error { o.nats = append(o.nats, opts...); return nil }
}

// InMemory has the streams kept in the server's memory, if they aren't there yet:
// a loop doesn't survive its end. The default is on disk.
func InMemory() Option { return func(o *options) error { o.store.Memory = true; return nil } }

// Replicas is on how many servers the streams are kept, if they aren't there yet:
// 1 (the default), 3 or 5.
func Replicas(n int) Option {
	return func(o *options) error {
		if n != 1 && n != 3 && n != 5 {
			return bad("Replicas(%d): it takes 1, 3 or 5", n)
		}
		o.store.Replicas = n
		return nil
	}
}

// WaitForAgents is how long a loop with items to run may be without any agent that
// runs its function; then it fails with [ErrNoWorker]. The default is 30 s; 0 waits
// for ever, for agents that are started when there is work. It is for Connect.
func WaitForAgents(d time.Duration) Option {
	return only(connects, "WaitForAgents", func(o *options) error {
		if d < 0 {
			return bad("WaitForAgents(%v): it can't be negative", d)
		}
		o.wait = d
		return nil
	})
}

// Lease is for how long a program counts as living that says nothing. It says so
// three times in that time. Who wants to go on with a named loop ([Executor.Loop],
// [Attach]) of a program that was killed waits for as long. The default is 30 s,
// which outlasts the election of a new leader among servers; a few seconds are
// enough for one server on this machine. At least 300 ms. It is for Connect.
func Lease(d time.Duration) Option {
	return only(connects, "Lease", func(o *options) error {
		if d < 300*time.Millisecond {
			return bad("Lease(%v): it takes 300 ms at least", d)
		}
		o.life = d
		return nil
	})
}

// KeepAbandoned is how long others leave what is in the cluster of a program that
// was killed, or of a named loop that ended before all items had results: then
// executors that are there remove it. The defaults are an hour for loops without a name, which nobody
// can go on with, and a week for named ones. It is for Connect.
func KeepAbandoned(unnamed, named time.Duration) Option {
	return only(connects, "KeepAbandoned", func(o *options) error {
		if unnamed < 0 || named < 0 {
			return bad("KeepAbandoned(%v, %v): it can't be negative", unnamed, named)
		}
		o.keep, o.keepNamed = unnamed, named
		return nil
	})
}

// Processes has the agent run items on n worker processes, GOMAXPROCS of them if
// n is 0, with options of their pool. It is the default, and for Serve.
func Processes(n int, opts ...process.Option) Option {
	return only(serves, "Processes", func(o *options) error {
		if n < 0 {
			return bad("Processes(%d): it can't be negative", n)
		}
		o.slots, o.pool, o.inProcess = n, opts, false
		return nil
	})
}

// Goroutines has the agent run n items at once on goroutines of its own program,
// without encoding them again: for bodies that wait for others most of the time.
// A body that crashes takes the agent along, and one that doesn't listen to its
// context can't be ended. In such a body, loops take no On and dictionaries nothing
// (an operation is an error). It is for Serve.
func Goroutines(n int) Option {
	return only(serves, "Goroutines", func(o *options) error {
		if n < 1 {
			return bad("Goroutines(%d): it takes 1 at least", n)
		}
		o.slots, o.inProcess = n, true
		return nil
	})
}

// Only has the agent run the functions with these names, and no others that the
// program has registered: for a program that must not do everything for everybody
// who may use the cluster. A name is that of RegisterAs, or the import path and
// name of the function. It is for Serve.
func Only(functions ...string) Option {
	return only(serves, "Only", func(o *options) error {
		if len(functions) == 0 {
			return bad("Only: name a function at least")
		}
		var errs []error
		for _, name := range functions {
			if registry.Named(name) == nil {
				errs = append(errs, bad("Only: no function is registered as %q", name))
			}
		}
		o.only = functions
		return errors.Join(errs...)
	})
}

// Redeliver is how long an agent may be silent until others get what it holds.
// Agents speak three times as often. The default is 30 s, which outlasts the
// election of a new leader among servers; a few seconds are enough for one server
// on this machine. At least 300 ms. All agents of a lane should agree: the last to
// start decides. It is for Serve.
func Redeliver(d time.Duration) Option {
	return only(serves, "Redeliver", func(o *options) error {
		if d < 300*time.Millisecond {
			return bad("Redeliver(%v): it takes 300 ms at least", d)
		}
		o.redeliver = d
		return nil
	})
}

// MaxDeliveries is how many agents may die with an item before it fails with
// [ErrPoison]. The default is 5. It is for Serve.
func MaxDeliveries(n int) Option {
	return only(serves, "MaxDeliveries", func(o *options) error {
		if n < 1 {
			return bad("MaxDeliveries(%d): it takes 1 at least", n)
		}
		o.deliveries = n
		return nil
	})
}

// DrainGrace is how long tasks that run may go on when the agent is to end; then
// they are given up, and other agents run them again. The default is 30 s. It is
// for Serve.
func DrainGrace(d time.Duration) Option {
	return only(serves, "DrainGrace", func(o *options) error {
		if d < 0 {
			return bad("DrainGrace(%v): it can't be negative", d)
		}
		o.grace = d
		return nil
	})
}
