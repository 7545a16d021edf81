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
// What a worker may use is bounded by [MemoryLimit], [CPULimit], [OpenFiles],
// [Nice] and [Affinity]; [RestartAfter], [RestartAge] and [RestartRSS] replace
// those of bodies that leak; [CleanEnv] and [TempDir] are what they find around
// them; and [Heartbeat] ends one that was stopped.
//
// [Call] runs one function in a process of its own. [Logs] brings workers' log
// records to the program's handler, [Pool.Profile] their profiles, [WorkerOf]
// tells them apart.
//
// Where things are: main.go and guard.go begin a worker. pool.go, attach.go,
// options.go and close.go are the pool as loops see it. owner.go is the goroutine
// that owns one worker; start.go, fill.go, push.go, grant.go, turn.go, drain.go,
// tail.go, orders.go, park.go, spin.go, kill.go and end.go are what it does; host.go
// is what others do for it while it sleeps, audit.go what it looks at when it has
// heard nothing, taken.go what was taken from it. spawn.go, proc.go, outbox.go, output.go, reap.go and lifeline.go are its
// process; cause.go and peak.go say how that ended. supervise.go watches the clock
// and, with patrol.go, heartbeat.go and fate.go, the workers as a whole. limits.go,
// recycle.go and surroundings.go are options, shelter_unix.go has the directories
// of TempDir, and container.go knows control groups. call.go is a pool for one
// call. elastic.go, resize.go, recruit.go and absent.go are how
// the number of workers changes. worker.go, slot.go, body.go, loops.go,
// upcalls.go, signals.go, loghandler.go and profiler.go run in the worker;
// logs.go and profile.go are the pool's side of the last two. The memory they
// share is package internal/shm; docs/process-pool.md has the whole.
package process
