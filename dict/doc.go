// Package dict has the dictionaries that the tasks of a loop share.
//
//	var statuses = dict.New[int, int]("statuses")
//
//	func post(ctx context.Context, n int) (int, error) {
//		…
//		statuses.Set(ctx, n, resp.StatusCode) // takes effect if, and when, this task succeeds
//		hits.Add(ctx, resp.Proto, 1)          // atomic, never a lost update
//	}
//
// The context decides what a call means.
//
// With the context a body was given, a call belongs to that attempt of that
// task: writes are kept with it and become true all at once when the task
// succeeds, as one step in one order of all commits. An attempt that fails,
// panics, times out, is killed or is tried again leaves nothing. Reads see the
// attempt's own writes over what is committed. In a loop inside a task the
// writes of the inner tasks go to the outer one first.
//
// With any other context of the program that owns the dictionary a call is a
// commit of its own, linearizable: when it has returned, everybody sees it. In
// a worker process there is no such call: it is [ErrNoTask]. A task's context
// that is used after its body returned is [ErrTaskDone]. In a package
// initialiser every call panics, because worker processes run those too.
//
// Cancellation is not looked at: a call in the owning process waits for nothing
// but a moment's lock, and one from a worker for one answer.
//
// Where to read on: dict.go (New, Make), write.go, read.go are the API; table.go
// is the committed state, overlay.go what an attempt did, committed.go where
// reads are answered; package internal/writeset is the commit itself. Smaller
// objects stand beside dictionaries: counter.go, var.go, list.go, event.go.
package dict
