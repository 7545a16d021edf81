package process

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// limits are what workers impose on themselves, and what the pool imposes on
// them. Zero, or nil, is none.
type limits struct {
	memory   int64
	cpu      time.Duration
	files    int
	nice     *int
	cpus     []int
	oom      *int
	cleanEnv bool
	tempDir  bool
	maxAge   time.Duration
	maxRSS   int64
	silence  time.Duration // of a heartbeat
}

// leastMemory is what a worker with nothing in it needs, and some.
const leastMemory = 32 << 20

// MemoryLimit bounds the memory of each worker, in bytes: at least 32 MiB.
// Default: none. There are three lines of defence:
//
//   - The collector works harder from 90 % of the limit on (GOMEMLIMIT, unless
//     the program's environment sets that itself).
//   - The kernel refuses the worker memory beyond the limit and what it had
//     mapped at its start, at least 64 MiB, the size of the pieces in which Go
//     reserves its heap (RLIMIT_DATA: heap, stacks of threads, C's malloc,
//     private mappings). Go then ends the process; the item
//     fails with a *parfor.WorkerError of the cause parfor.OOM. Programs that a
//     body runs inherit this one.
//   - Four times a second, while tasks run, the pool looks at the worker's
//     resident memory, shared mappings included that the second line doesn't
//     see; mapped files and what parfor shares with its workers, dictionaries
//     too, don't count. Over the limit the worker is killed; its items fail with
//     the cause parfor.OOM and both numbers.
//
// The address space (RLIMIT_AS, ulimit -v) can't be limited for a Go program:
// an empty one reserves more than a gigabyte of it, and uses none. Under the
// race detector, whose shadow memory would count, the second line is missing.
// Linux only.
func MemoryLimit(bytes int64) Option {
	return func(o *options) error {
		o.memory = bytes
		if bytes < leastMemory || bytes > 1<<60 {
			return fmt.Errorf("MemoryLimit(%d): must be at least %d bytes (32 MiB): a worker with nothing in it needs about 10 MiB", bytes, leastMemory)
		}
		return linuxOnly("MemoryLimit", "limits on a process's data")
	}
}

// CPULimit bounds the processor time of each item: that of its worker process,
// all threads and the collector included, while the item runs. Default: none.
// It tells a body that computes for ever from one that waits, however busy the
// machine is. The worker of an item over its limit is killed without grace; the
// item fails with a *parfor.WorkerError of the cause parfor.CPUTime whose Dump
// has the stacks, so errors.As tells it from a *parfor.TimeoutError. Programs
// that the body runs don't count. Enforced up to 5 ms late. It can't be combined
// with [ItemsPerWorker] above 1, where nobody knows whose time it is. Linux only.
func CPULimit(d time.Duration) Option {
	return func(o *options) error {
		o.cpu = d
		if d <= 0 {
			return fmt.Errorf("CPULimit(%v): must be positive", d)
		}
		return linuxOnly("CPULimit", "the processor time of another process")
	}
}

// leastFiles are the descriptors of a worker itself and room for a body's.
const leastFiles = 32

// OpenFiles bounds the file descriptors of each worker (RLIMIT_NOFILE, soft and
// hard): at least 32, of which the worker itself needs about 12, and at most what
// the program may have. A body that opens more gets "too many open files".
// Programs that it runs inherit the limit. Default: the program's own.
func OpenFiles(n int) Option {
	return func(o *options) error {
		o.files = n
		if n < leastFiles {
			return fmt.Errorf("OpenFiles(%d): must be at least %d: a worker itself needs about 12", n, leastFiles)
		}
		return mayOpen(n)
	}
}

// Nice is the scheduling priority of the workers, from -20 (first) to 19 (last):
// their absolute nice value, not a difference. Below the program's own it needs
// a privilege (CAP_SYS_NICE). A pool at 19 leaves the program itself responsive.
// Default: the program's own.
func Nice(n int) Option {
	return func(o *options) error {
		o.nice = &n
		if n < -20 || n > 19 {
			return fmt.Errorf("Nice(%d): must be from -20 to 19", n)
		}
		return mayNice(n)
	}
}

// Affinity binds each worker to one processor: worker i to cpus[i % len(cpus)],
// with all its threads and the programs that bodies run, and with GOMAXPROCS=1
// unless the environment sets that. The numbers are the machine's, as in
// /proc/cpuinfo, and must be among those that the program itself may use. To keep
// all workers on a set of processors start the program under taskset. Default:
// none is bound. Linux only.
func Affinity(cpus ...int) Option {
	return func(o *options) error {
		o.cpus = cpus
		if len(cpus) == 0 {
			return errors.New("Affinity(): give the numbers of processors")
		}
		if err := linuxOnly("Affinity", "processor affinity"); err != nil {
			return err
		}
		return mayUse(cpus)
	}
}

// OOMScore is what the kernel adds to a worker's share of the memory, in
// thousandths, when it looks for a process to kill (/proc/PID/oom_score_adj):
// from -1000 (never) to 1000 (first). Below the program's own it needs a
// privilege (CAP_SYS_RESOURCE), without which workers don't start. Default: 500,
// or the program's own if that is more, so that it takes a worker and not the
// program. Linux only.
func OOMScore(adj int) Option {
	return func(o *options) error {
		o.oom = &adj
		if adj < -1000 || adj > 1000 {
			return fmt.Errorf("OOMScore(%d): must be from -1000 to 1000", adj)
		}
		return linuxOnly("OOMScore", "scores for the killer of processes")
	}
}

// compatible reports options that can't be combined.
func (o *options) compatible() error {
	if o.cpu > 0 && o.slots > 1 {
		return fmt.Errorf("CPULimit with ItemsPerWorker(%d): the processor time of a process can't be told apart by item: use one item per worker, or parfor.Timeout", o.slots)
	}
	return nil
}

// processor is the one that a worker is bound to, or -1.
func (l *limits) processor(worker int) int {
	if len(l.cpus) == 0 {
		return -1
	}
	return l.cpus[worker%len(l.cpus)]
}

func linuxOnly(option, what string) error {
	if runtime.GOOS == "linux" {
		return nil
	}
	return unsupported(option, what)
}

// unsupported is the error of an option for which the system has nothing.
func unsupported(option, what string) error {
	return fmt.Errorf("%s: %s has no %s that parfor can use: %w", option, runtime.GOOS, what, errors.ErrUnsupported)
}

// encode lists what a worker is to impose on itself.
func (l *limits) encode() string {
	var s []string
	add := func(name string, n int64) { s = append(s, name+"="+strconv.FormatInt(n, 10)) }
	if l.memory > 0 {
		add("memory", l.memory)
	}
	if l.files > 0 {
		add("files", int64(l.files))
	}
	if l.nice != nil {
		add("nice", int64(*l.nice))
	}
	if l.oom != nil {
		add("oom", int64(*l.oom))
	}
	if l.silence > 0 {
		add("beat", int64(l.interval()))
	}
	return strings.Join(s, ",")
}

// impose puts the inherited limits on this worker, before it says hello.
func (w *worker) impose() error {
	for _, s := range strings.Split(inherited.limits, ",") {
		if s == "" {
			continue
		}
		name, text, _ := strings.Cut(s, "=")
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil {
			err = w.imposeOne(name, n)
		}
		if err != nil {
			return fmt.Errorf("the limit %s: %w", s, err)
		}
	}
	return nil
}

func (w *worker) imposeOne(name string, n int64) error {
	switch name {
	case "memory":
		return limitMemory(n)
	case "files":
		return limitFiles(uint64(n))
	case "nice":
		return setNice(int(n))
	case "oom":
		return setOOMScore(int(n))
	case "beat":
		go w.beat(time.Duration(n))
		return nil
	}
	return os.ErrInvalid
}
