package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// kept is what bodies that leak leave behind.
var kept struct {
	sync.Mutex
	all [][]byte
}

func keep(mib int) {
	b := touched(make([]byte, mib<<20))
	kept.Lock()
	defer kept.Unlock()
	kept.all = append(kept.all, b)
}

// consume takes memory as the item says, and says how much it has at the end.
func consume(_ context.Context, how string) (string, error) {
	kind, arg, _ := strings.Cut(how, " ")
	mib, _ := strconv.Atoi(arg)
	switch kind {
	case "heap": // without end
		for {
			keep(1)
		}
	case "leak":
		keep(mib)
		time.Sleep(10 * time.Millisecond) // a body that works
	case "map": // private, as C's malloc does, or shared; then wait
		flags := syscall.MAP_ANON | syscall.MAP_PRIVATE
		if mib < 0 {
			mib, flags = -mib, syscall.MAP_ANON|syscall.MAP_SHARED
		}
		b, err := syscall.Mmap(-1, 0, mib<<20, syscall.PROT_READ|syscall.PROT_WRITE, flags)
		if err != nil {
			return "", err
		}
		touched(b)
		select {}
	case "gomemlimit":
		return fmt.Sprint(debug.SetMemoryLimit(-1) >> 20), nil
	case "status":
		return line("/proc/self/status", arg), nil
	}
	return "", nil
}

func touched(b []byte) []byte {
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}

// line is what a file of the system says behind a name.
func line(file, name string) string {
	b, _ := os.ReadFile(file)
	for l := range strings.Lines(string(b)) {
		if text, found := strings.CutPrefix(l, name+":"); found {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

var _ = parfor.Register(consume)

// among runs a bad item among good ones and returns its error, which has to be
// the death of a worker.
func among[T any](t *testing.T, p *process.Pool, body func(context.Context, T) (string, error), bad T) *parfor.WorkerError {
	t.Helper()
	items := make([]T, 20)
	items[11] = bad
	_, err := parfor.Map(t.Context(), items, body, parfor.On(p), parfor.KeepGoing())
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 11 {
		t.Fatalf("want item 11 alone to fail, got %v", err)
	}
	var we *parfor.WorkerError
	if !errors.As(err, &we) {
		t.Fatalf("%v is no WorkerError", err)
	}
	return we
}

func TestMemoryLimitEndsAHeapThatGrows(t *testing.T) {
	p := pool(t, 2, process.MemoryLimit(96<<20), process.Stderr(discard{}))
	we := among(t, p, consume, "heap")
	if we.Cause != parfor.OOM || !strings.Contains(we.Error(), "MemoryLimit is 96 MiB") || !process.Raced && we.PeakRSS > 200<<20 {
		t.Errorf("got %v", we)
	}
}

// What the kernel lets pass the supervisor sees.
func TestMemoryLimitCountsWhatGoDoesNotKnow(t *testing.T) {
	p := pool(t, 2, process.MemoryLimit(96<<20), process.Stderr(discard{}))
	we := among(t, p, consume, "map -120")
	if we.Cause != parfor.OOM || we.Signal != "SIGKILL" || !strings.Contains(we.Error(), "it used 1") || !strings.Contains(we.Error(), "MemoryLimit is 96 MiB") {
		t.Errorf("got %v", we)
	}
	_, err := parfor.Map(t.Context(), []string{"map 1000"}, consume, parfor.On(p))
	var dead *parfor.WorkerError
	if !errors.Is(err, syscall.ENOMEM) && !errors.As(err, &dead) { // the latter under the race detector
		t.Errorf("a thousand MiB: %v", err)
	}
}

func TestMemoryLimitSetsTheCollectorsUnlessTheProgramDoes(t *testing.T) {
	ask := func(opts ...process.Option) string {
		out, err := parfor.Map(t.Context(), []string{"gomemlimit"}, consume, parfor.On(pool(t, 1, opts...)))
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	if got := ask(process.MemoryLimit(100 << 20)); got != "90" {
		t.Errorf("GOMEMLIMIT is %s MiB of 100", got)
	}
	if got := ask(process.MemoryLimit(100<<20), process.Env("GOMEMLIMIT=70MiB")); got != "70" {
		t.Errorf("GOMEMLIMIT=70MiB became %s MiB", got)
	}
}

// Why there is no limit on the address space: a worker that has done nothing
// would need more than any sane one.
func TestAddressSpaceOfAnIdleWorkerIsAGigabyte(t *testing.T) {
	out, err := parfor.Map(t.Context(), []string{"status VmSize", "status VmRSS"}, consume, parfor.On(pool(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	size, rss := 0, 0
	fmt.Sscan(out[0], &size)
	fmt.Sscan(out[1], &rss)
	if size < 1<<20 || rss > size/4 {
		t.Errorf("%d KiB of address space, %d KiB resident", size, rss)
	}
}

// burn uses the processor for ever, or waits for the milliseconds.
func burn(_ context.Context, wait int) (string, error) {
	if wait < 0 {
		//lint:ignore SA5002 it is to spin
		for {
		}
	}
	time.Sleep(time.Duration(wait) * time.Millisecond)
	return "", nil
}

var _ = parfor.Register(burn)

func TestCPULimitIsNotATimeout(t *testing.T) {
	p := pool(t, 2, process.CPULimit(150*time.Millisecond))
	if _, err := parfor.Map(t.Context(), []int{400, 400, 400}, burn, parfor.On(p)); err != nil {
		t.Errorf("bodies that wait: %v", err)
	}
	we := among(t, p, burn, -1)
	var te *parfor.TimeoutError
	if we.Cause != parfor.CPUTime || !strings.Contains(we.Error(), "CPULimit is 150ms") || errors.As(error(we), &te) {
		t.Errorf("got %v", we)
	}
	if !strings.Contains(we.Dump, "process_test.burn") {
		t.Errorf("the stacks don't name the body:\n%s", we.Dump)
	}
}

// inspect says what the system thinks of this worker.
func inspect(_ context.Context, what string) (string, error) {
	switch what {
	case "files":
		n := 0
		for ; ; n++ {
			f, err := os.Open(os.DevNull)
			if err != nil {
				return fmt.Sprint(n), err
			}
			defer f.Close()
		}
	case "nice", "cpus":
		tasks, _ := filepath.Glob("/proc/self/task/*")
		seen := map[string]bool{}
		for _, task := range tasks {
			if what == "cpus" {
				seen[line(task+"/status", "Cpus_allowed_list")] = true
				continue
			}
			stat, _ := os.ReadFile(task + "/stat")
			_, rest, _ := strings.Cut(string(stat), ") ")
			seen[strings.Fields(rest)[16]] = true
		}
		return fmt.Sprint(seen), nil
	case "procs":
		return fmt.Sprint(runtime.GOMAXPROCS(0)), nil
	case "oom":
		b, err := os.ReadFile("/proc/self/oom_score_adj")
		return strings.TrimSpace(string(b)), err
	case "environment":
		return strings.Join(os.Environ(), "\n"), nil
	case "child":
		b, err := exec.Command("/bin/sh", "-c", "ulimit -Hn").Output()
		return strings.TrimSpace(string(b)), err
	}
	return os.Getenv(what), nil
}

var _ = parfor.Register(inspect)

// answers asks every question of a worker of a pool.
func answers(t *testing.T, p *process.Pool, questions ...string) []string {
	t.Helper()
	out, err := parfor.Map(t.Context(), questions, inspect, parfor.On(p))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpenFilesEndsWhatLeaksThem(t *testing.T) {
	p := pool(t, 1, process.OpenFiles(50))
	_, err := parfor.Map(t.Context(), []string{"files"}, inspect, parfor.On(p))
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got %v", err)
	}
	if out := answers(t, p, "child"); out[0] != "50" {
		t.Errorf("a program that a body runs may open %s", out[0])
	}
	_, err = process.NewPool(t.Context(), 1, process.OpenFiles(1<<40))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "OpenFiles(") || !strings.Contains(err.Error(), "ulimit -Hn") {
		t.Errorf("more than the program has: %v", err)
	}
}

func TestNiceIsEveryThreads(t *testing.T) {
	if out := answers(t, pool(t, 1, process.Nice(17)), "nice"); out[0] != "map[17:true]" {
		t.Errorf("nice values of the worker's threads: %s", out[0])
	}
}

func TestAffinityGivesWorkersTheirProcessor(t *testing.T) {
	allowed := line("/proc/self/status", "Cpus_allowed_list")
	var last int
	fmt.Sscan(allowed[strings.LastIndexAny(allowed, ",-")+1:], &last)
	p := pool(t, 3, process.Affinity(last))
	for range 5 {
		if out := answers(t, p, "cpus", "procs"); out[0] != fmt.Sprintf("map[%d:true]", last) || out[1] != "1" {
			t.Errorf("the worker has %s, GOMAXPROCS %s; want processor %d", out[0], out[1], last)
		}
	}
	if now := line("/proc/self/status", "Cpus_allowed_list"); now != allowed {
		t.Errorf("the program had %s, and has %s", allowed, now)
	}
	_, err := process.NewPool(t.Context(), 1, process.Affinity(0, 4000))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "Affinity(4000)") {
		t.Errorf("a processor that isn't there: %v", err)
	}
}

func TestOOMScore(t *testing.T) {
	own, _ := os.ReadFile("/proc/self/oom_score_adj")
	was, _ := strconv.Atoi(strings.TrimSpace(string(own)))
	var out []string
	p := pool(t, 1)
	eventually(t, "the worker to settle in", func() bool {
		out = answers(t, p, "oom")
		return out[0] == fmt.Sprint(max(500, was))
	})
	if out := answers(t, pool(t, 1, process.OOMScore(max(was, 731))), "oom"); out[0] != fmt.Sprint(max(was, 731)) {
		t.Errorf("OOMScore(731): %s", out[0])
	}
}

func TestLimitsThatCantBeKeptAreSaidBeforeAnyStart(t *testing.T) {
	_, err := process.NewPool(t.Context(), 1, process.MemoryLimit(1<<20), process.CPULimit(-1), process.OpenFiles(3),
		process.Nice(20), process.Affinity(), process.OOMScore(2000), process.RestartAge(-1), process.RestartRSS(0), process.Heartbeat(1))
	if !errors.Is(err, parfor.ErrOption) {
		t.Fatal(err)
	}
	for _, name := range []string{"MemoryLimit", "CPULimit", "OpenFiles", "Nice", "Affinity", "OOMScore", "RestartAge", "RestartRSS", "Heartbeat"} {
		if !strings.Contains(err.Error(), name+"(") {
			t.Errorf("nothing about %s in %v", name, err)
		}
	}
	_, err = process.NewPool(t.Context(), 1, process.CPULimit(time.Second), process.ItemsPerWorker(2))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "CPULimit with ItemsPerWorker(2)") {
		t.Errorf("got %v", err)
	}
}
