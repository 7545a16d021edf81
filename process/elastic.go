package process

import (
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor"
)

// elastic is how the number of workers follows the work.
type elastic struct {
	least    int           // kept, if flexible
	flexible bool          // else all are kept
	stay     time.Duration // of workers that are not kept
	idling   bool          // stay was given
}

// defaultIdle is far above what a start costs (10 ms) and below what a worker's
// memory is missed elsewhere. A short one would end and start workers all day.
const defaultIdle = 30 * time.Second

// MinWorkers is how many workers the pool keeps: [NewPool] starts them and waits
// for them, and they stay when there is nothing to do. Its own n is how many
// there are at most. Those beyond MinWorkers start when tasks wait that no
// running worker has room for, one for each ItemsPerWorker tasks, all of them at
// once; they end after [IdleTimeout] without a task.
//
// With 0 NewPool starts nothing and returns at once. What it would have found,
// that no worker can start, the first loop finds: it fails with that, and so do
// all after it. A task that finds no worker waits for a start, some 10 ms.
//
// Default: all n are kept.
func MinWorkers(n int) Option {
	return func(o *options) error {
		o.least, o.flexible = n, true
		if n < 0 {
			return fmt.Errorf("MinWorkers(%d): can't be negative; 0 starts workers when there are tasks", n)
		}
		return nil
	}
}

// IdleTimeout is how long a worker beyond [MinWorkers] stays without a task. A
// start costs some 10 ms and what the program does before Main, so a timeout
// shorter than the pauses between loops makes each of them pay for it. Default:
// 30s.
func IdleTimeout(d time.Duration) Option {
	return func(o *options) error {
		o.stay, o.idling = d, true
		if d <= 0 {
			return fmt.Errorf("IdleTimeout(%v): must be positive: a worker that ends with its task is started for each", d)
		}
		return nil
	}
}

// fit checks the options against the size of the pool.
func (e *elastic) fit(n int) error {
	var bad []error
	if e.flexible && e.least > n {
		bad = append(bad, fmt.Errorf("MinWorkers(%d): the pool has at most %d: raise the n of NewPool", e.least, n))
	}
	if e.idling && !e.flexible {
		bad = append(bad, errors.New("IdleTimeout without MinWorkers: all workers are kept, none would end"))
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %w", parfor.ErrOption, errors.Join(bad...))
	}
	if e.stay == 0 {
		e.stay = defaultIdle
	}
	return nil
}

// kept is how many workers stay when there is nothing to do: the first ones.
func (p *Pool) kept() int {
	most := int(p.most.Load())
	if p.flexible {
		return min(p.least, most)
	}
	return most
}

// keeps reports whether the worker is one of them.
func (p *Pool) keeps(id int) bool { return id < p.kept() }
