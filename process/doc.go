// Package process is the executor on worker processes: this program, started
// again, runs the bodies. A body that crashes, hangs or eats all memory costs
// its own item and nothing else; bodies don't share a heap or a collector.
//
// A program that uses it calls [Main] after flag.Parse and before any other
// effect, and registers its bodies (parfor.Register) in package variables. A
// test binary calls [TestMain]. Then [NewPool] is an executor like any other:
//
//	pool, err := process.NewPool(ctx, 8)
//	defer pool.Close()
//	codes, err := parfor.Map(ctx, items, post, parfor.On(pool))
//
// Where things are: main.go and guard.go begin a worker; pool.go, attach.go and
// options.go are the pool as loops see it; owner.go, fill.go, drain.go and
// end.go are the goroutine that owns one worker; spawn.go, cause.go,
// supervise.go and kill.go its birth, death and time limits; worker.go,
// slot.go, body.go and loops.go run in the worker.
package process
