package process

import (
	"context"

	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
)

// Worker is the process that a body runs in, as one of its pool's.
type Worker struct {
	// Number is from 0 to n-1 in a pool of n. A process that replaces another
	// one has its number, once that one is gone: no two of a pool have the same
	// at the same time.
	Number int

	// Life counts the processes that had this number, from 1. What a worker left
	// half done, a file or a lock, is of an earlier life.
	Life int
}

// itself is the worker that this process is, in a worker process.
var itself Worker

// WorkerOf returns the process that the body runs in, to give each its own file,
// port or GPU. It has one meaning on every executor: bodies with the same Worker
// share a process, its variables and its parfor.PerWorker values. So on
// goroutines, and in sequence, all are in the first life of number 0, which is
// the program. Bodies that run in one process at once and need something each
// find it with parfor.PerSlot.
//
// Workers of different pools may have the same number. In a worker process any
// context will do, that of an initializer too (see [WorkerInit]); elsewhere
// WorkerOf reports false outside of tasks.
func WorkerOf(ctx context.Context) (Worker, bool) {
	if inherited.worker {
		return itself, true
	}
	return Worker{Life: 1}, task.From(ctx) != nil
}

// identity is what the owner's next process is told of itself.
func (o *owner) identity() shm.Identity {
	o.nth++
	return shm.Identity{Life: lives.Add(1), Pool: o.pool.id, Number: uint32(o.id), Nth: o.nth, Level: o.pool.level()}
}
