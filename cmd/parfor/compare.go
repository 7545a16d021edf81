package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/compare"
	"parfor.dev/parfor/compare/mockapi"
)

// manyRequests is what a stranger's server may get without --yes.
const manyRequests = 100

// compareFlags are what the user said, before it makes sense together.
type compareFlags struct {
	compare.Config
	workers []int
	yes     bool
	cpu     int
	alloc   size
	sleep   time.Duration
	cluster clusterFlags
}

func compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare [flags] [URL | -- PROG ARG…]",
		Short: "The tutorial's experiment: one loop, every way of running it",
		Long: `The tutorial's experiment: one loop of POST requests, run in every way, each
answer checked. It starts a JSON API as a process of its own, or asks the URL.

After -- stands a command to run for each item instead, without a shell. The
item's number, from 0, replaces each {} in its arguments or is added at the
end. Its exit status is what is kept, and must be the same in every way; its
output is not kept. The default sizes are 5,10,20,50,100 then. ^C kills what
runs, and whatever a command leaves running is killed when it ends.

Every cell is measured once, then again while the budget lasts, in an order
that --seed repeats. Cells that would take over 5 s are left out unless --sizes
or --tutorial asks for them. ^C keeps what is measured.

The report goes to parfor-compare.html and parfor-compare.json in the current
folder, or where -o says. Files that compare did not write are not replaced.
The exit code is 1 if any answer was wrong.`,
		Example: `  parfor compare
  parfor compare --latency 200ms --sizes 500
  parfor compare -j 1,2,4,8,16
  parfor compare --cpu -o primes.svg
  parfor compare -j 4 -- sh ./one-item.sh`,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnvironment(cmd.Flags(), "cluster"); err != nil {
				return err
			}
			cfg, err := f.config(cmd, args)
			if err != nil {
				return err
			}
			return f.compare(cmd, cfg)
		},
	}
	f.declare(cmd)
	return cmd
}

func (f *compareFlags) declare(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVar(&f.Tutorial, "tutorial", false, "as printed: 200 ms, all sizes on both pools with Python's max_workers (46 minutes)")
	fs.IntSliceVar(&f.Sizes, "sizes", nil, "`NUMBERS` of requests (default 5,10,50,100,500,1000,2500,5000,10000; of a command 5,10,20,50,100)")
	fs.IntSliceVarP(&f.workers, "workers", "j", nil, "have `N` in flight (default 16); several, as in 1,2,4,8, are swept at one size")
	fs.IntVar(&f.Runs, "runs", 5, "run each cell `N` times, as far as the budget goes")
	fs.DurationVar(&f.Budget, "budget", time.Minute, "add no runs after `DUR`; every cell is measured once")
	fs.Uint64Var(&f.Seed, "seed", 0, "repeat the order of the run with seed `N` (default: a new one)")
	fs.StringArrayVarP(&f.Files, "output", "o", nil, "write to `FILE`, by its ending: .html, .json, .csv, .svg (repeatable)")
	fs.DurationVar(&f.API.Latency, "latency", 5*time.Millisecond, "let the API take `DUR` to answer")
	fs.DurationVar(&f.API.Jitter, "jitter", 0, "vary the latency by up to `DUR`, both ways")
	fs.Var((*share)(&f.API.Errors), "errors", "let the API answer a `SHARE` of requests with 503, such as 2%")
	fs.IntVar(&f.cpu, "cpu", 0, "instead of requests: items that count primes below `N`")
	fs.Lookup("cpu").NoOptDefVal = "4000000"
	fs.Var(&f.alloc, "alloc", "instead of requests: items that make `SIZE` of garbage")
	fs.Lookup("alloc").NoOptDefVal = "1MB"
	fs.DurationVar(&f.sleep, "sleep", 0, "instead of requests: items that wait `DUR`")
	if compare.CanKill {
		fs.BoolVar(&f.Kill, "kill", false, "kill a worker process now and then, to watch what it costs")
	}
	f.cluster.declare(fs, "add a line for the agents of the cluster at `WHERE`: local (parfor-node's), the folder of a parfor-node, or a NATS URL")
	f.cluster.declareWait(fs)
	fs.StringVar(&f.Python, "python", "", "run the tutorial's Python code beside, as `FORM`: post or session")
	fs.Lookup("python").NoOptDefVal = "post"
	fs.BoolVar(&f.yes, "yes", false, "send over 100 requests to a URL on another machine")
}

// config checks what was said together.
func (f *compareFlags) config(cmd *cobra.Command, args []string) (compare.Config, error) {
	c := f.Config
	c.Args = os.Args[1:]
	c.API.NotFoundEvery = mockapi.DefaultNotFoundEvery
	said := cmd.Flags().Changed
	if c.Tutorial && !said("latency") {
		c.API.Latency = 200 * time.Millisecond
	}
	if c.Tutorial && !said("runs") {
		c.Runs = 1
	}
	for _, w := range f.workers {
		if w < 1 {
			return c, usagef("-j %d: must be at least 1", w)
		}
	}
	switch len(f.workers) {
	case 0:
	case 1:
		c.InFlight = f.workers[0]
	default:
		c.Sweep = f.workers
	}
	if len(c.Files) == 0 {
		c.Files = []string{"parfor-compare.html", "parfor-compare.json"}
	}
	if err := f.body(&c, said); err != nil {
		return c, err
	}
	if err := f.target(&c, args, cmd.ArgsLenAtDash(), said); err != nil {
		return c, err
	}
	if err := f.checkCluster(&c); err != nil {
		return c, err
	}
	if c.Runs < 1 || c.Budget <= 0 {
		return c, usagef("--runs %d --budget %v: both must be positive", c.Runs, c.Budget)
	}
	if err := c.Check(); err != nil {
		return c, usagef("%w", err)
	}
	return c, nil
}

// body picks what a task does: at most one flag may say so.
func (f *compareFlags) body(c *compare.Config, said func(string) bool) error {
	var given []string
	for flag, body := range map[string]compare.Body{
		"cpu":   {Kind: compare.CPU, Limit: f.cpu},
		"alloc": {Kind: compare.Alloc, Bytes: int(f.alloc)},
		"sleep": {Kind: compare.Sleep, Sleep: f.sleep},
	} {
		if said(flag) {
			given = append(given, "--"+flag)
			c.Body = body
		}
	}
	if len(given) == 0 {
		return nil
	}
	for _, flag := range []string{"latency", "jitter", "errors", "python", "tutorial"} {
		if said(flag) {
			given = append(given, "--"+flag)
		}
	}
	if len(given) > 1 {
		return usagef("%s don't go together: choose one body", strings.Join(given, " and "))
	}
	return nil
}

// target takes the URL, or the command that stands behind the dash.
func (f *compareFlags) target(c *compare.Config, args []string, dash int, said func(string) bool) error {
	switch {
	case dash > 0:
		return usagef("%q before -- and a command after it: choose one", args[0])
	case dash == 0 && len(args) == 0:
		return usagef("no command stands after --: write -- PROG ARG…")
	case dash == 0:
		c.Command = args
		for _, flag := range []string{"tutorial", "latency", "jitter", "errors", "cpu", "alloc", "sleep", "python"} {
			if said(flag) {
				return usagef("--%s is not about commands: leave it out, or the command", flag)
			}
		}
	case len(args) > 1:
		return usagef("compare takes one URL, but got %q as well; a command stands after --", args[1])
	case len(args) == 1:
		c.URL = args[0]
		return f.checkURL(*c, said)
	}
	return nil
}

func (f *compareFlags) checkURL(c compare.Config, said func(string) bool) error {
	u, err := url.Parse(c.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return usagef("%q is no URL of an API: write http://host/path, or -- PROG ARG… for a command", c.URL)
	}
	for _, flag := range []string{"latency", "jitter", "errors", "cpu", "alloc", "sleep"} {
		if said(flag) {
			return usagef("--%s is about compare's own API: leave it out, or the URL", flag)
		}
	}
	if n := c.Requests(); n > manyRequests && !f.yes && !loopback(u.Hostname()) {
		return usagef("that would send at least %d requests to %s: add --yes if it is yours, or fewer with --sizes 5,10", n, u.Hostname())
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func runCompare(cmd *cobra.Command, cfg compare.Config) error {
	self, err := os.Executable()
	if err != nil {
		return ioError(err)
	}
	cfg.Mock = []string{self, "mock"}
	cfg.Out, cfg.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
	cfg.Width, cfg.Height, cfg.Redraw = terminal(os.Stdout)
	rep, err := compare.Run(cmd.Context(), cfg)
	switch {
	case errors.Is(err, compare.ErrFormat), errors.Is(err, compare.ErrNoCommand):
		return usagef("%w", err)
	case errors.Is(err, compare.ErrNoPython):
		return usagef("%w, or leave --python out", err)
	case err != nil:
		return ioError(err)
	case rep.Interrupted:
		return fmt.Errorf("interrupted: the rest was not measured")
	case len(rep.Checks.Problems) > 0:
		return errChecksFailed
	}
	return nil
}
