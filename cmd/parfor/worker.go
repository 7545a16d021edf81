package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
)

func workerCommand() *cobra.Command {
	var f agent.Flags
	where, acl, streams := clusterFlags{where: whereLocal}, false, 0
	cmd := &cobra.Command{
		Use:   "worker [flags]",
		Short: "An agent that runs items of others' loops",
		Long: `An agent that runs items of the loops that run, http and compare have with
--cluster: those of parfor on any machine that may use the same cluster. Without
flags that is the one of parfor-node on this machine.

Requests are sent from here, as this user, with this environment's proxies.
Commands are run only with --allow-exec, in this folder and environment: then
whoever may use the cluster may do here what this user may. A header that
--env-header names has its value from this environment, if --allow-env names the
variable.

The first ^C or TERM drains: nothing more is begun, what runs is waited for, for
--grace, and is then ended and run by others. The second ends it at once. While
the cluster's server is away the agent waits for it.`,
		Example: `  parfor-node                                  # in one shell: server and agent
  parfor worker --allow-exec -j 4               # in another, if one agent is not enough
  parfor worker --cluster tls://nats.example:4222 --cluster-creds worker.creds -j 50`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags(), ""); err != nil {
				return err
			}
			if acl {
				return printACL(cmd)
			}
			if err := where.check(); err != nil {
				return err
			}
			if cmd.Flags().Changed("make-streams") {
				return makeStreams(cmd, &where, streams)
			}
			return serveAgent(cmd, &where, &f)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	where.declare(fs, "serve the cluster at `WHERE`: local (parfor-node's), the folder of a parfor-node, or a NATS URL")
	f.Declare(fs)
	fs.IntVar(&streams, "make-streams", 0, "make the streams that runs and agents need, each on `N` servers, 1, 3 or 5, and do nothing else: before agents whose user may not, and for more than 1")
	fs.BoolVar(&acl, "print-acl", false, "print the permissions that an agent's user needs, for the servers' configuration, and do nothing else")
	return cmd
}

func serveAgent(cmd *cobra.Command, where *clusterFlags, f *agent.Flags) error {
	if err := f.Check(); err != nil {
		return usagef("%w", err)
	}
	u, err := where.url()
	if err != nil {
		return err
	}
	c := f.Config(u, where.local())
	if c.NATS, err = where.nats(); err != nil {
		return err
	}
	c.NATS = append(c.NATS, where.away.watch(func(text string) { cmd.PrintErrln(text) })...)
	c.Say = func(text string) { cmd.PrintErrln("parfor: " + text) }
	c.Say(c.Describe())
	began := time.Now()
	if err := agent.Serve(cmd.Context(), c); err != nil && !wasInterrupted(cmd.Context(), err) {
		return where.failed(err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "parfor: the agent has ended, after %v, pid %d\n", time.Since(began).Round(time.Second), os.Getpid())
	return errStoppedCleanly
}

// wasInterrupted reports whether an error is the signal that ends an agent: it
// came while the agent connected, and there was nothing to drain.
func wasInterrupted(ctx context.Context, err error) bool {
	var sig interrupted
	return ctx.Err() != nil && errors.As(err, &sig)
}
