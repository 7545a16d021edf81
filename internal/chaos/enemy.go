//go:build linux

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// blow is what is done to a worker from outside: signals, one after the other.
type blow struct {
	often   int // weight
	signals []syscall.Signal
	apart   time.Duration // between them, at most
	fatal   bool
}

var blows = []blow{
	{often: 12, signals: []syscall.Signal{syscall.SIGKILL}, fatal: true},
	{often: 4, signals: []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT}, apart: 50 * time.Millisecond},
	{often: 2, signals: []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL}, apart: 10 * time.Millisecond, fatal: true},
	{often: 1, signals: []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM}, apart: time.Millisecond, fatal: true},
	{often: 1, signals: []syscall.Signal{syscall.SIGQUIT}, fatal: true},
	{often: 1, signals: []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL}, apart: 2 * time.Millisecond, fatal: true},
	{often: 1, signals: []syscall.Signal{syscall.SIGABRT}, fatal: true},
	{often: 1, signals: []syscall.Signal{syscall.SIGSEGV}, fatal: true},
	{often: 2, signals: []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}},
}

// enemy deals blows to the workers of a pool, and now and then has the next
// worker die in its initializer.
type enemy struct {
	pool *process.Pool
	room string // of the tokens
	rng  *rand.Rand
	quit chan struct{}
	done sync.WaitGroup

	mu     sync.Mutex
	dealt  int
	stops  int
	births int
	fatal  map[int][]syscall.Signal // by pid: those sent that end a process
	blows  map[int]int              // by pid: fatal blows
}

func startEnemy(pool *process.Pool, room string, every time.Duration, seed uint64) *enemy {
	e := &enemy{pool: pool, room: room, rng: rand.New(rand.NewPCG(seed, 1)), quit: make(chan struct{}),
		fatal: map[int][]syscall.Signal{}, blows: map[int]int{}}
	if every > 0 {
		e.done.Go(func() { e.run(every) })
	}
	return e
}

func (e *enemy) run(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-e.quit:
			return
		case <-tick.C:
		}
		if n%10 == 9 {
			e.mu.Lock()
			e.births++
			os.WriteFile(filepath.Join(e.room, "start-"+strconv.Itoa(n)), nil, 0o600)
			e.mu.Unlock()
		}
		e.deal(e.choose())
	}
}

func (e *enemy) end() {
	close(e.quit)
	e.done.Wait()
}

func (e *enemy) choose() blow {
	sum := 0
	for _, b := range blows {
		sum += b.often
	}
	n := e.rng.IntN(sum)
	for _, b := range blows {
		if n -= b.often; n < 0 {
			return b
		}
	}
	panic("unreachable")
}

// deal sends the signals through a descriptor of the process, which can't become
// another one's meanwhile.
func (e *enemy) deal(b blow) {
	pids := e.pool.PIDs()
	if len(pids) == 0 {
		return
	}
	pid := pids[e.rng.IntN(len(pids))]
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	if !child(pid) {
		unix.Close(fd)
		return
	}
	waits := make([]time.Duration, len(b.signals))
	for i := range waits[1:] {
		waits[i+1] = time.Duration(e.rng.Int64N(int64(b.apart) + 1))
	}
	e.mu.Lock()
	e.dealt++
	if b.fatal {
		e.fatal[pid] = append(e.fatal[pid], b.signals...)
		e.blows[pid]++
	}
	if b.signals[0] == syscall.SIGSTOP {
		e.stops++
	}
	e.mu.Unlock()
	e.done.Go(func() {
		defer unix.Close(fd)
		for i, s := range b.signals {
			time.Sleep(waits[i])
			unix.PidfdSendSignal(fd, unix.Signal(s), nil, 0)
		}
	})
}

// child reports whether the process is one of this program's.
func child(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	return len(f) > 1 && f[1] == strconv.Itoa(os.Getpid())
}

// explains reports whether a blow is what the worker died of.
func (e *enemy) explains(w *parfor.WorkerError) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.fatal[w.PID] {
		switch {
		case s == syscall.SIGKILL && w.Cause == parfor.Killed && w.Signal == "SIGKILL",
			s == syscall.SIGQUIT && w.Cause == parfor.Killed && w.Signal == "SIGQUIT",
			s == syscall.SIGABRT && w.Cause == parfor.FatalError && strings.Contains(w.Stderr, "SIGABRT"),
			s == syscall.SIGSEGV && w.Cause == parfor.Fault && strings.Contains(w.Stderr, "SIGSEGV"):
			return w.PeakRSS > 0
		}
	}
	return false
}
