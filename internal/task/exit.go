package task

import (
	"errors"
	"slices"
	"sync"
)

var exit struct {
	mu    sync.Mutex
	hooks []func() error
}

// OnWorkerExit adds a hook for [ExitWorker]. Hooks added later run earlier.
func OnWorkerExit(f func() error) {
	exit.mu.Lock()
	defer exit.mu.Unlock()
	exit.hooks = append(exit.hooks, f)
}

// ExitWorker runs the hooks, one after the other and each once, and returns
// their errors joined. A worker process calls it when it ends in an orderly
// way and no body runs any more; whoever calls it bounds the time.
func ExitWorker() error {
	exit.mu.Lock()
	hooks := exit.hooks
	exit.hooks = nil
	exit.mu.Unlock()
	var errs []error
	for _, f := range slices.Backward(hooks) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
