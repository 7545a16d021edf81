package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/pflag"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
)

// clusterFlags say where a cluster is.
type clusterFlags struct {
	where     string
	creds     string
	ca        string
	cert, key string
	wait      time.Duration // for an agent
	away      outage
}

// declare declares the flags; those of who waits for agents only for them.
func (c *clusterFlags) declare(fs *pflag.FlagSet, use string) {
	fs.StringVar(&c.where, "cluster", c.where, use)
	fs.StringVar(&c.creds, "cluster-creds", "", "log in to the cluster with what is in `FILE`: NAME:PASSWORD, a token, an nkey's seed, or the credentials that nsc makes")
	fs.StringVar(&c.ca, "cluster-ca", "", "trust, of the cluster's servers, the authorities in `FILE` (PEM)")
	fs.StringVar(&c.cert, "cluster-cert", "", "show the cluster the certificate in `FILE` (PEM)")
	fs.StringVar(&c.key, "cluster-key", "", "the key of that is in `FILE` (PEM)")
}

// declareWait declares the flag of who needs agents.
func (c *clusterFlags) declareWait(fs *pflag.FlagSet) {
	fs.DurationVar(&c.wait, "cluster-wait", 30*time.Second, "wait `DUR` for an agent when there is none, 0 for ever")
}

// check refuses what can't be meant.
func (c *clusterFlags) check() error {
	if c.wait < 0 {
		return usagef("--cluster-wait %v: it can't be negative", c.wait)
	}
	named := c.creds != "" || c.ca != "" || c.cert != "" || c.key != ""
	switch {
	case named && c.where == "":
		return usagef("--cluster-creds, --cluster-ca and --cluster-cert are about a cluster: name it with --cluster")
	case named && !isURL(c.where):
		return usagef("--cluster %s knows its server and its token: --cluster-creds, --cluster-ca and --cluster-cert are for a URL", quote(c.where))
	case (c.cert == "") != (c.key == ""):
		return usagef("--cluster-cert and --cluster-key need each other")
	case c.creds != "" && hasSecret(c.where):
		return usagef("--cluster-creds and what stands before the @ of --cluster are two ways to log in: choose one")
	}
	return c.checkWhere()
}

// failed tells what can be done about a cluster that can't be used.
func (c *clusterFlags) failed(err error) error {
	var hint string
	switch strange, is := stranger(err); {
	case errors.Is(err, parfor.ErrOption):
		return usagef("%w", err)
	case errors.Is(err, cluster.ErrInsecure):
		return usagef("%w; --cluster-creds FILE has credentials", err)
	case is:
		hint = strange
	case c.cert == "" && wantsCertificate(err):
		hint = "if the servers want to see a certificate, --cluster-cert shows one"
	case c.isNode() && isDown(err):
		return ioError(fmt.Errorf("no parfor-node runs for --cluster %s; start one with: %s", quote(c.where), c.node()))
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		hint = "the servers must have JetStream, for this user's account, too"
	case errors.Is(err, nats.ErrPermissionViolation):
		hint = "what an agent's user needs parfor worker --print-acl prints; the user of a run needs more"
	case errors.Is(err, nats.ErrAuthorization) && c.creds == "" && !hasSecret(c.where):
		hint = "log in with --cluster-creds FILE"
	}
	if hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return ioError(err)
}

// isNode reports whether the cluster is that of a parfor-node here.
func (c *clusterFlags) isNode() bool { return !isURL(c.where) }

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
	opts, err := c.nats()
	if err != nil {
		return nil, err
	}
	opts = append(opts, c.away.watch(say)...)
	// What runs ends with the run's own context; this one is about connecting only.
	dial, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	x, err := cluster.Connect(dial, u, cluster.Version(agent.Version), cluster.NATS(opts...), cluster.WaitForAgents(c.wait))
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
	if c.creds != "" || hasSecret(c.where) {
		flag = " --cluster-creds FILE" + flag
	}
	return text + "; start one with: parfor worker --cluster " + c.shown() + flag
}
