package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/shm"
)

// Option changes a pool. Options are checked before any process starts, all
// bad ones are reported together, and they don't change afterwards.
type Option func(*options) error

type options struct {
	slots   int
	init    string
	env     []string
	dir     string
	stdout  io.Writer
	stderr  io.Writer
	tag     bool
	start   time.Duration
	restart int
	breaker int
	limits
	logging
	elastic
}

func configure(opts []Option) (options, error) {
	o := options{slots: 1, stdout: os.Stdout, stderr: os.Stderr, start: 10 * time.Second, breaker: 5}
	o.silence = defaultSilence
	var bad []error
	for _, opt := range opts {
		if opt == nil {
			bad = append(bad, errors.New("an option is nil"))
			continue
		}
		if err := opt(&o); err != nil {
			bad = append(bad, err)
		}
	}
	if err := o.compatible(); err != nil {
		bad = append(bad, err)
	}
	if len(bad) > 0 {
		return o, fmt.Errorf("%w: %w", parfor.ErrOption, errors.Join(bad...))
	}
	return o, nil
}

// ItemsPerWorker lets every worker run k tasks at once, on goroutines of its
// own: for bodies that wait for the network, a hundred processes would be a
// waste. The price is isolation: a crash costs the k items that were running in
// that process. Default: 1.
func ItemsPerWorker(k int) Option {
	return func(o *options) error {
		if k < 1 || k > shm.MaxSlots {
			return fmt.Errorf("ItemsPerWorker(%d): must be from 1 to %d", k, shm.MaxSlots)
		}
		o.slots = k
		return nil
	}
}

// WorkerInit runs fn once in every worker, replacements included, before its
// first task. The function is registered with [RegisterInit], like a body. If
// it fails, the pool fails: loops get its error at once, and no worker is
// started again. It may open what bodies share, by Get of a parfor.PerWorker, so
// that no task waits for it; nothing bounds its time but the contexts of loops.
func WorkerInit(fn func(context.Context) error) Option {
	return func(o *options) error {
		if fn == nil {
			return errors.New("WorkerInit(nil): give a function")
		}
		b := registry.Find(registry.Word(&fn))
		if b == nil {
			return fmt.Errorf("WorkerInit: %s is not registered: add \"var _ = process.RegisterInit(...)\" at package level", funcName(fn))
		}
		o.init = b.Name
		return nil
	}
}

// Env adds variables, each "name=value", to the environment of the workers,
// which is otherwise the program's own at the time a worker starts.
func Env(vars ...string) Option {
	return func(o *options) error {
		for _, v := range vars {
			if i := strings.IndexByte(v, '='); i <= 0 || strings.ContainsRune(v, 0) {
				return fmt.Errorf("Env(%q): must be name=value", v)
			}
		}
		o.env = append(o.env, vars...)
		return nil
	}
}

// Dir is the directory that workers start in. Default: the program's own.
func Dir(path string) Option {
	return func(o *options) error {
		st, err := os.Stat(path)
		if err == nil && !st.IsDir() {
			err = errors.New("not a directory")
		}
		if err != nil {
			return fmt.Errorf("Dir(%q): %w", path, err)
		}
		o.dir = path
		return nil
	}
}

// Stdout gets what workers print, line by line, one Write per line, never two
// at once. A worker whose output nobody takes blocks. Default: os.Stdout.
func Stdout(w io.Writer) Option {
	return func(o *options) error {
		o.stdout = w
		if w == nil {
			return errors.New("Stdout(nil): give a writer, or io.Discard")
		}
		return nil
	}
}

// Stderr is [Stdout] for standard error. The end of what a worker wrote there
// is also part of the error when it dies. Default: os.Stderr.
func Stderr(w io.Writer) Option {
	return func(o *options) error {
		o.stderr = w
		if w == nil {
			return errors.New("Stderr(nil): give a writer, or io.Discard")
		}
		return nil
	}
}

// TagOutput puts the worker's number, and the item that runs in it when it is
// but one, before every line: "[3 #1234] ".
func TagOutput() Option { return func(o *options) error { o.tag = true; return nil } }

// StartTimeout bounds the time from a worker's start until it says hello.
// Default: 10s.
func StartTimeout(d time.Duration) Option {
	return func(o *options) error {
		o.start = d
		if d <= 0 {
			return fmt.Errorf("StartTimeout(%v): must be positive", d)
		}
		return nil
	}
}

// RestartAfter replaces a worker by a fresh one after that many tasks, for
// bodies that leak. Default: never.
func RestartAfter(tasks int) Option {
	return func(o *options) error {
		o.restart = tasks
		if tasks < 1 {
			return fmt.Errorf("RestartAfter(%d): must be at least 1", tasks)
		}
		return nil
	}
}

// Breaker is after how many failed starts in a row the pool gives up: its loops
// then fail with what the last worker wrote to standard error. Default: 5.
func Breaker(n int) Option {
	return func(o *options) error {
		o.breaker = n
		if n < 1 {
			return fmt.Errorf("Breaker(%d): must be at least 1", n)
		}
		return nil
	}
}
