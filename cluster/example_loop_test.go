package cluster_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
)

// flaky fails as long as the file that its item names isn't there.
func flaky(_ context.Context, name string) (string, error) {
	if _, err := os.Stat(name); err != nil {
		return "", fmt.Errorf("not yet: %w", os.ErrNotExist)
	}
	return "done", nil
}

var _ = parfor.Register(flaky)

// smallCluster is a server with an agent, and an executor.
func smallCluster(ctx context.Context) (x *cluster.Executor, end func()) {
	dir, err := os.MkdirTemp("", "parfor")
	if err != nil {
		log.Fatal(err)
	}
	server, err := embed.Open(ctx, dir)
	if err != nil {
		log.Fatal(err)
	}
	serving, drain := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- cluster.Serve(serving, server.URL(), cluster.Processes(2)) }()
	if x, err = cluster.Connect(ctx, server.URL()); err != nil {
		log.Fatal(err)
	}
	return x, func() {
		x.Close()
		drain()
		<-ended
		server.Close()
		os.RemoveAll(dir)
	}
}

// A loop with a name goes on where it ended: here it failed, it might as well
// have been killed. What it had is not run again.
func ExampleExecutor_Loop() {
	ctx := context.Background()
	x, end := smallCluster(ctx)
	defer end()
	missing, err := os.MkdirTemp("", "parfor")
	if err != nil {
		log.Fatal(err)
	}
	os.Remove(missing)
	items := []string{os.TempDir(), missing}

	out, err := parfor.Map(ctx, items, flaky, parfor.On(x.Loop("nightly")), parfor.KeepGoing())
	fmt.Printf("%q, %d failed\n", out, len(parfor.Failed(err)))

	os.Mkdir(missing, 0o700)
	defer os.Remove(missing)
	out, err = parfor.Map(ctx, items, flaky, parfor.On(x.Loop("nightly")), parfor.KeepGoing())
	fmt.Printf("%q, %d failed\n", out, len(parfor.Failed(err)))
	// Output:
	// ["done" ""], 1 failed
	// ["done" "done"], 0 failed
}

// Another program goes on with a loop that ended before all its results were
// there, without its items.
func ExampleAttach() {
	ctx := context.Background()
	x, end := smallCluster(ctx)
	defer end()
	missing, err := os.MkdirTemp("", "parfor")
	if err != nil {
		log.Fatal(err)
	}
	os.Remove(missing)
	parfor.Map(ctx, []string{os.TempDir(), missing}, flaky, parfor.On(x.Loop("nightly")), parfor.KeepGoing())

	os.Mkdir(missing, 0o700)
	defer os.Remove(missing)
	for r, err := range cluster.Attach(ctx, x, "nightly", flaky, parfor.InOrder()) {
		fmt.Println(r.Index, r.Out, r.Resumed, err)
	}
	// Output:
	// 0 done true <nil>
	// 1 done false <nil>
}
