package main

import (
	"context"

	"github.com/spf13/cobra"

	"parfor.dev/parfor"
	"parfor.dev/parfor/compare"
)

// checkCluster refuses what agents can't do.
func (f *compareFlags) checkCluster(c *compare.Config) error {
	if err := f.cluster.check(); err != nil || f.cluster.where == "" {
		return err
	}
	if len(c.Command) > 0 {
		return usagef("a command with --cluster: agents run none for compare; parfor run measures it")
	}
	if c.Body.Kind == "" && c.URL == "" && !f.cluster.local() {
		return usagef("--cluster %s: agents of other machines can't reach the API that compare starts here: give a URL that they can, or --cpu or --sleep", f.cluster.shown())
	}
	return nil
}

// compare runs the experiment, with the cluster if there is one: an agent must be
// there before anything is measured.
func (f *compareFlags) compare(cmd *cobra.Command, cfg compare.Config) error {
	if f.cluster.where == "" {
		return runCompare(cmd, cfg)
	}
	say := func(text string) { cmd.PrintErrln(text) }
	x, err := f.cluster.connect(cmd.Context(), compare.AgentName, say)
	if err != nil {
		return err
	}
	cfg.ClusterSlots = x.SlotsFor(compare.AgentName)
	if err := x.Close(); err != nil {
		return ioError(err)
	}
	cfg.Cluster = func(ctx context.Context) (parfor.Executor, error) {
		return f.cluster.connect(ctx, compare.AgentName, say)
	}
	return runCompare(cmd, cfg)
}
