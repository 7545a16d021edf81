package process

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// headroom is for the granularity of the heap: Go maps it 64 MiB at a time. What
// the process has mapped by now, the first such piece included, comes on top
// where it is more.
const headroom = 64 << 20

func limitMemory(n int64) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(n / 10 * 9)
	}
	if raced {
		return nil
	}
	return lower(syscall.RLIMIT_DATA, uint64(n+max(headroom, mappedData())))
}

// mappedData is what the kernel compares with RLIMIT_DATA, and the stack.
func mappedData() int64 {
	b, _ := os.ReadFile("/proc/self/statm")
	f := strings.Fields(string(b))
	if len(f) < 6 {
		return 0
	}
	pages, _ := strconv.ParseInt(f[5], 10, 64)
	return pages * int64(os.Getpagesize())
}

// oomScore is what a worker raises itself to if nothing else was said.
var oomScore = 500

const oomFile = "/proc/self/oom_score_adj"

func setOOMScore(n int) error {
	oomScore = n
	if err := os.WriteFile(oomFile, []byte(strconv.Itoa(n)), 0); err != nil {
		return fmt.Errorf("OOMScore(%d): %w: below the program's own value it needs CAP_SYS_RESOURCE", n, err)
	}
	return nil
}

// raiseOOMScore makes the worker a better victim than the program.
func raiseOOMScore() {
	b, _ := os.ReadFile(oomFile)
	if now, err := strconv.Atoi(strings.TrimSpace(string(b))); err != nil || now < oomScore {
		os.WriteFile(oomFile, []byte(strconv.Itoa(oomScore)), 0)
	}
}

// mayNice tries it on a thread that ends afterwards: on Linux each has a value
// of its own.
func mayNice(n int) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), n)
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("Nice(%d): %w: below the program's own value it needs CAP_SYS_NICE", n, err)
	}
	return nil
}

func mayUse(cpus []int) error {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &set); err != nil {
		return fmt.Errorf("Affinity: %w", err)
	}
	for _, c := range cpus {
		if c < 0 || !set.IsSet(c) {
			return fmt.Errorf("Affinity(%d): the program may not use that processor: it has %s", c, listed(&set))
		}
	}
	return nil
}

func listed(set *unix.CPUSet) string {
	var s []string
	for i, left := 0, set.Count(); left > 0; i++ {
		if set.IsSet(i) {
			s = append(s, strconv.Itoa(i))
			left--
		}
	}
	return strings.Join(s, ",")
}

// bound runs f, which starts a process, on a thread bound to the processor: the
// process inherits that with all its threads, from its first instruction on.
func bound(cpu int, f func() error) error {
	var was, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &was); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("Affinity(%d): %w", cpu, os.NewSyscallError("sched_setaffinity", err))
	}
	defer unix.SchedSetaffinity(0, &was)
	return f()
}
