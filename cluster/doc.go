// Package cluster is the executor on many machines: loops of one program run
// their items in agents, which are this program, too, started with [Serve]. Between
// them is NATS JetStream; package embed runs a server of it inside a program when
// one machine is enough.
//
//	x, err := cluster.Connect(ctx, "nats://127.0.0.1:4222")
//	defer x.Close()
//	codes, err := parfor.Map(ctx, items, post, parfor.On(x))
//
// and elsewhere, in the same build:
//
//	err := cluster.Serve(ctx, "nats://127.0.0.1:4222")
//
// A body runs at least once for each item: again if the agent that had it dies.
// Exactly one result of an item is ever seen. A loop with a name ([Executor.Loop])
// goes on when its program was killed, in the next one. Errors, timeouts, attempts,
// order and futures mean what they do on worker processes. Dictionaries are in the
// program that runs the loop: what tasks write travels with their results, what they
// read is a round trip. docs/cluster.md says what is promised and what isn't, with the
// tests that hold it to that.
//
// Where things are: connect.go is the executor, loop.go what outlives a program,
// serve.go the agent, options.go and errors.go are theirs, local.go finds the server
// of this machine, acl.go is what an agent's user may do. The machine is inside:
// internal/owner is the side of loops, internal/agent that of bodies, internal/wire
// what travels between them,
// internal/names what it is called; internal/inproc runs
// items on goroutines; internal/link is the connection, internal/post
// what sends until it is stored. Dependencies go one way: cluster to owner and
// agent, these to blob (what is too large for a message), link, post, names and wire.
package cluster
