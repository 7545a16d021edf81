package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/pflag"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
)

// clusterFlags say where a cluster is.
type clusterFlags struct {
	where string
	creds string
	ca    string
	wait  time.Duration // for an agent
}

const whereLocal = "local"

// declare declares the flags; those of who waits for agents only for them.
func (c *clusterFlags) declare(fs *pflag.FlagSet, use string) {
	fs.StringVar(&c.where, "cluster", c.where, use)
	fs.StringVar(&c.creds, "cluster-creds", "", "show the cluster the NATS credentials in `FILE`")
	fs.StringVar(&c.ca, "cluster-ca", "", "trust, of the cluster's servers, the authorities in `FILE` (PEM)")
}

// declareWait declares the flag of who needs agents.
func (c *clusterFlags) declareWait(fs *pflag.FlagSet) {
	fs.DurationVar(&c.wait, "cluster-wait", 30*time.Second, "wait `DUR` for an agent when there is none, 0 for ever")
}

func (c *clusterFlags) check() error {
	if c.wait < 0 {
		return usagef("--cluster-wait %v: it can't be negative", c.wait)
	}
	if c.where == "" && (c.creds != "" || c.ca != "") {
		return usagef("--cluster-creds and --cluster-ca are about a cluster: name it with --cluster")
	}
	return nil
}

// url is where to connect to. A folder is that of a parfor-node.
func (c *clusterFlags) url() (string, error) {
	switch {
	case strings.Contains(c.where, "://"):
		return c.where, nil
	case c.where != whereLocal && !strings.ContainsRune(c.where, filepath.Separator):
		return "", usagef("--cluster %s: it is local, the folder of a parfor-node as in ./node, or a URL as in nats://127.0.0.1:4222", quote(c.where))
	}
	dir := c.where
	if dir == whereLocal {
		var err error
		if dir, err = cluster.LocalDir(); err != nil {
			return "", usagef("--cluster local: %w", err)
		}
	}
	u, err := cluster.LocalURL(dir)
	if errors.Is(err, cluster.ErrNoServer) {
		return "", ioError(fmt.Errorf("--cluster %s: no parfor-node has run there; start one with: %s", c.where, c.node()))
	}
	return u, ioError(err)
}

// node is how the cluster is started.
func (c *clusterFlags) node() string {
	if c.where == whereLocal {
		return "parfor-node"
	}
	return "parfor-node --dir " + quote(c.where)
}

// nats are the options of the connection.
func (c *clusterFlags) nats() (opts []nats.Option) {
	if c.creds != "" {
		opts = append(opts, nats.UserCredentials(c.creds))
	}
	if c.ca != "" {
		opts = append(opts, nats.RootCAs(c.ca))
	}
	return opts
}

// local reports whether the cluster's only server is on this machine.
func (c *clusterFlags) local() bool {
	u, err := url.Parse(c.where)
	if !strings.Contains(c.where, "://") {
		return true
	}
	return err == nil && loopback(u.Hostname())
}

// failed tells what can be done about a cluster that can't be used.
func (c *clusterFlags) failed(err error) error {
	switch {
	case errors.Is(err, parfor.ErrOption), errors.Is(err, cluster.ErrInsecure):
		return usagef("%w", err)
	case !strings.Contains(c.where, "://") && isDown(err):
		return ioError(fmt.Errorf("no parfor-node runs for --cluster %s; start one with: %s", c.where, c.node()))
	}
	return ioError(err)
}

func isDown(err error) bool {
	var op *net.OpError
	return errors.Is(err, nats.ErrNoServers) || errors.As(err, &op)
}

// connect connects to the cluster and waits until an agent is there that runs the
// function. Say is told once, if that takes a while.
func (c *clusterFlags) connect(ctx context.Context, function string, say func(string)) (*cluster.Executor, error) {
	u, err := c.url()
	if err != nil {
		return nil, err
	}
	// What runs ends with the run's own context; this one is about connecting only.
	dial, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	x, err := cluster.Connect(dial, u, cluster.Version(agent.Version), cluster.NATS(c.nats()...), cluster.WaitForAgents(c.wait))
	if !forget() {
		<-dial.Done()
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, c.failed(err)
	}
	if err := c.await(ctx, x, function, say); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// await waits for the first agent. Nobody is told of new ones, so it looks.
func (c *clusterFlags) await(ctx context.Context, x *cluster.Executor, function string, say func(string)) error {
	begin, told := time.Now(), false
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for x.SlotsFor(function) == 0 {
		switch waited := time.Since(begin); {
		case c.wait > 0 && waited > c.wait:
			return ioError(errors.New(c.lacks(x, function)))
		case waited > time.Second && !told:
			told = true
			say("parfor: waiting: " + c.lacks(x, function))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// lacks says what agent is missing, and how to have one.
func (c *clusterFlags) lacks(x *cluster.Executor, function string) string {
	text, flag := "the cluster has no agent", ""
	if function == agent.RunName {
		flag = " --allow-exec"
		if n := x.Slots(); n > 0 {
			text = "no agent of the cluster runs commands"
		}
	}
	return text + "; start one with: parfor worker --cluster " + c.shown() + flag
}

// shown is where the cluster is, without a secret.
func (c *clusterFlags) shown() string { return shownCluster(c.where) }

func shownCluster(where string) string {
	if strings.Contains(where, "://") && strings.Contains(where, "@") {
		return "…"
	}
	return quote(where)
}
