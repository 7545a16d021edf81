package agent

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Flags are those that all programs that are an agent have.
type Flags struct {
	slots int
	exec  bool
	env   []string
	grace time.Duration

	metrics string
}

// Declare declares them.
func (f *Flags) Declare(fs *pflag.FlagSet) {
	fs.IntVarP(&f.slots, "workers", "j", 0, "run `N` items at once (default: one for each core; requests, which wait most of the time, want more)")
	fs.BoolVar(&f.exec, "allow-exec", false, "run commands, too: whoever may use the cluster may then do here what this user may")
	fs.StringArrayVar(&f.env, "allow-env", nil, "let headers of requests have the value of `VARIABLE` in this environment (repeatable)")
	fs.StringVar(&f.metrics, "metrics", "", "serve numbers for Prometheus at `ADDRESS`, as 127.0.0.1:9090, below /metrics")
	fs.DurationVar(&f.grace, "grace", 30*time.Second, "wait `DUR` for what runs when the agent is to end")
}

// Check refuses what can't be meant.
func (f *Flags) Check() error {
	switch {
	case f.slots < 0 || f.slots > 10_000:
		return fmt.Errorf("-j %d: write a number from 1 to 10000", f.slots)
	case f.grace < 0:
		return fmt.Errorf("--grace %v: it can't be negative", f.grace)
	}
	if _, _, err := net.SplitHostPort(f.metrics); f.metrics != "" && err != nil {
		return fmt.Errorf("--metrics %s: it is no address, as 127.0.0.1:9090 is one", f.metrics)
	}
	for _, name := range f.env {
		if name == "" || strings.Contains(name, "=") {
			return fmt.Errorf("--allow-env %q: write the name of a variable", name)
		}
	}
	return nil
}

// Config is an agent of the cluster at url, of a server on this machine or not.
func (f *Flags) Config(url string, local bool) Config {
	c := Config{URL: url, Slots: f.slots, Exec: f.exec, Env: f.env, Grace: f.grace, Local: local, Metrics: f.metrics}
	if c.Slots == 0 {
		c.Slots = runtime.NumCPU()
	}
	return c
}

// Describe says what the agent does, for people.
func (c *Config) Describe() string {
	what := "sends requests, and runs no commands (--allow-exec)"
	if c.Exec {
		what = "sends requests and runs commands for whoever may use the cluster"
	}
	return fmt.Sprintf("an agent, %d items at once, that %s; ^C drains it", c.Slots, what)
}

// Metrics is where numbers are to be served.
func (f *Flags) Metrics() string { return f.metrics }
