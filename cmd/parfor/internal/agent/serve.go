package agent

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/compare"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

// Version is what parfor programs share: agents serve those of other builds,
// too. It changes with what travels.
const Version = "parfor command 1"

// Config is an agent before it serves.
type Config struct {
	URL   string
	NATS  []nats.Option
	Slots int           // items at once
	Exec  bool          // run commands for who uses the cluster
	Env   []string      // variables that requests may send
	Grace time.Duration // for what runs when the agent is to end
	Local bool          // one server, on this machine: it never has to elect a leader

	Metrics string       // where numbers are served, host:port; "": nowhere
	Say     func(string) // is told what people may want to know
}

// localSilence is how long an agent of one machine may be silent.
const localSilence = 5 * time.Second

var guard atomic.Pointer[procgroup.Guard]

// Functions are what the agent runs.
func (c *Config) Functions() []string {
	names := []string{SendName, compare.AgentName}
	if c.Exec {
		names = append(names, RunName)
	}
	return names
}

// Serve runs items until ctx ends, then gives back what has not begun, waits for
// what runs, and returns nil. The error says why it could not begin, or go on.
// A program has one agent at a time.
func Serve(ctx context.Context, c Config) error {
	end, err := serveMetrics(c.Metrics, c.Say)
	if err != nil {
		return err
	}
	defer end()
	allowed.Store(&policy{env: c.Env})
	clients.workers = c.Slots
	if c.Exec {
		child.MakeRoomForForks()
	}
	g := procgroup.NewGuard(child.DefaultGrace)
	guard.Store(g)
	defer g.Close()
	defer clients.close()
	opts := []cluster.Option{cluster.Version(Version), cluster.Goroutines(c.Slots), cluster.Only(c.Functions()...),
		cluster.DrainGrace(c.Grace), cluster.NATS(c.NATS...)}
	if c.Local {
		opts = append(opts, cluster.Redeliver(localSilence))
	}
	return cluster.Serve(ctx, c.URL, opts...)
}
