package main

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"parfor.dev/parfor/cluster"

	"parfor.dev/parfor/cmd/parfor/internal/agent"
)

// namespace is where parfor's loops and agents are.
const namespace = "default"

func printACL(cmd *cobra.Command) error {
	text, err := cluster.WorkerACL(namespace)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(cmd.OutOrStdout(), text); err != nil {
		return ioError(err)
	}
	return nil
}

// makeStreams makes what a cluster needs, as a user who may. The first run does so,
// too, but on one server.
func makeStreams(cmd *cobra.Command, where *clusterFlags, replicas int) error {
	u, err := where.url()
	if err != nil {
		return err
	}
	opts, err := where.nats()
	if err != nil {
		return err
	}
	x, err := cluster.Connect(cmd.Context(), u, cluster.NATS(opts...), cluster.Replicas(replicas))
	if err != nil {
		return where.failed(err)
	}
	if err := x.Close(); err != nil {
		return ioError(err)
	}
	found, err := replicasAt(cmd.Context(), u, opts)
	switch {
	case err != nil:
		return where.failed(err)
	case found != replicas:
		return ioError(fmt.Errorf("the streams were there, each on %d of the servers: nats stream edit --replicas changes that", found))
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "parfor: the streams are there, each on %d of the servers\n", found)
	return nil
}

// replicasAt is on how many servers chunks are.
func replicasAt(ctx context.Context, url string, opts []nats.Option) (int, error) {
	name, _, err := cluster.Queue(namespace, agent.Version, agent.SendName)
	if err != nil {
		return 0, err
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, err
	}
	s, err := js.Stream(ctx, name)
	if err != nil {
		return 0, err
	}
	return s.CachedInfo().Config.Replicas, nil
}
