// Package parfor runs a for loop anywhere: in line, on goroutines, on worker
// processes.
//
//	codes, err := parfor.Map(ctx, items, post)
//
// calls post for each item, 32 at a time, and returns the results in input
// order. One option changes where it runs, On(executor); the meaning stays.
//
// # The loops
//
// [Map] and [Each] go over a slice, [ByKey] and [Associate] make a map,
// [Stream] and [StreamFrom] go over an iterator in bounded memory and yield
// results as they finish, [EachFrom] where there is nothing to yield. [Group] is a stream whose tasks add tasks ([Add]), for
// crawls and trees. [For] is the bare loop for tiny CPU-bound bodies.
// They block until no body of theirs is running. [Submit] runs one call and
// returns a [Future]; [Wait] and [AsCompleted] wait for several.
//
// # Where they run
//
// [Sequential] is one at a time, in order; [Goroutines] is a limit on
// goroutines that loops share; package process has worker processes, for
// bodies that crash, hang or leak. Without [On] a loop has goroutines of its
// own. What the executors can't mean alike is the table of docs/executors.md.
//
// # Errors
//
// The first failure stops a loop, unless [KeepGoing]. The error is a
// [*LoopError]; below it are a [*TaskError] for each failed item and its cause:
// the body's own error, a [*PanicError], a [*TimeoutError], a [*WorkerError]. What
// was finished stays, and [LoopError.Done] says what that is. A failed future
// that nobody read is reported when its executor is closed.
//
// # Going on after a crash
//
// With [Journal] the same call goes on where the program ended, however it
// ended: what was done is not run again, and dictionaries come back with it.
// [Key] is what to send with a call that costs money.
//
// # What leaves the process
//
// A function is registered, never sent: [Register], [RegisterAs],
// [RegisterEach], in a package variable. What a closure would have captured
// goes in with [With] and comes out with [Arg]; clients and handles are a
// [PerWorker] or [PerSlot]; context values travel with [Propagate] and
// [PropagateFunc], error types with [RegisterError].
//
// # Nested loops
//
// A body may run loops and submit calls with the context it was given: it then
// lends its slot while it waits, so that they never deadlock, and their
// dictionary writes (package dict) become part of its own.
//
// # Watching
//
// [Observe] adds an observer; package progress has a terminal line and a
// receipt, trace a timeline, metrics a page for Prometheus, logs slog records.
// Without one a loop counts, and nothing else.
package parfor
