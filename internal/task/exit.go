package task

import (
	"errors"
	"fmt"
	"runtime/debug"
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
// way and no body runs any more; whoever calls it bounds the time. A hook that
// panics, or calls runtime.Goexit, keeps no other from running.
func ExitWorker() error {
	exit.mu.Lock()
	hooks := exit.hooks
	exit.hooks = nil
	exit.mu.Unlock()
	var errs []error
	for _, f := range slices.Backward(hooks) {
		errs = append(errs, runHook(f))
	}
	return errors.Join(errs...)
}

// runHook calls a hook on a goroutine of its own, which it may end.
func runHook(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		returned := false
		defer func() {
			if returned {
				return
			}
			if v := recover(); v != nil {
				ended <- fmt.Errorf("parfor: a close function panicked: %v\n%s", v, debug.Stack())
				return
			}
			ended <- errors.New("parfor: a close function called runtime.Goexit")
		}()
		err := f()
		returned = true
		ended <- err
	}()
	return <-ended
}
