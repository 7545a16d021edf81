package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// Where a worker's descriptors and the rooms of its memory are, with one slot.
const (
	ctlFD, bellFD, upFD, memFD = 3, 4, 5, 6

	atHeader, atStatus, atRing, atArena = 0, 4096, 8192, 8192 + 4096*64
	atResults                           = atArena + 1<<20
)

// vandal does to what its worker shares with the pool what the item says: a verb
// and the room it is done to.
func vandal(ctx context.Context, how string) (int, error) {
	verb, room, _ := strings.Cut(how, " ")
	switch verb {
	case "":
		return os.Getpid(), nil
	case "hide": // and hang, without a look at the context
		for {
			overwrite(room, 0)
		}
	case "exit":
		overwrite(room, 0x5a)
		os.Exit(9)
	case "eat":
		go eatBell()
		return os.Getpid(), nil
	case "close":
		for fd := range 10 {
			syscall.Close(fd)
		}
		select {}
	case "frame":
		syscall.Write(upFD, []byte("what is this"))
		select {}
	case "cling": // leave a process behind that has the pipe open, and die
		cmd := exec.Command("/bin/sleep", "20")
		cmd.ExtraFiles = []*os.File{os.NewFile(upFD, "up")}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		fmt.Fprintln(os.Stderr, "sleeper", cmd.Process.Pid)
		os.Exit(9)
	case "signal", "mumble":
		if verb == "mumble" {
			fmt.Fprint(os.Stderr, "this is no")
		}
		var s syscall.Signal
		fmt.Sscan(room, (*int)(&s))
		syscall.Kill(os.Getpid(), s)
		select {}
	default:
		overwrite(room, map[string]byte{"zero": 0, "fill": 0xff, "spoil": 0x5a}[verb])
	}
	return os.Getpid(), nil
}

var rooms = map[string][2]int{
	"header": {atHeader, atStatus}, "status": {atStatus, atRing}, "ring": {atRing, atArena},
	"arena": {atArena, atResults}, "results": {atResults, atResults + 1<<20}, "all": {atHeader, atResults + 1<<20},
}

func overwrite(room string, with byte) {
	r := rooms[room]
	syscall.Pwrite(memFD, bytes.Repeat([]byte{with}, r[1]-r[0]), int64(r[0]))
}

// eatBell reads the bytes that are to wake the worker.
func eatBell() {
	var b [64]byte
	for {
		syscall.Read(bellFD, b[:])
	}
}

var _ = parfor.Register(vandal)

// dies runs one vandal and returns the error it must cost.
func dies(t *testing.T, p *process.Pool, how string, opts ...parfor.Option) *parfor.WorkerError {
	t.Helper()
	_, err := parfor.Submit(t.Context(), p, vandal, how, opts...).Result(t.Context())
	var w *parfor.WorkerError
	if !errors.As(err, &w) || w.PeakRSS == 0 {
		t.Fatalf("%s: %v is no worker's death", how, err)
	}
	return w
}

func TestC33_SignalsThatGoAnswersAreNamed(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	for s, cause := range map[syscall.Signal]parfor.Cause{syscall.SIGABRT: parfor.FatalError, syscall.SIGQUIT: parfor.Killed,
		syscall.SIGSEGV: parfor.Fault, syscall.SIGBUS: parfor.Fault} {
		w := dies(t, p, fmt.Sprint("signal ", int(s)))
		if name := map[syscall.Signal]string{syscall.SIGABRT: "SIGABRT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGSEGV: "SIGSEGV", syscall.SIGBUS: "SIGBUS"}[s]; w.Cause != cause || !strings.Contains(w.Error(), name) {
			t.Errorf("%v: %q, %v", s, w.Cause, w)
		}
	}
}

// A worker without its pipes is killed, and its error is not that it was killed;
// unless Go's runtime, which has lost its own descriptors, was quicker: it exits
// with 2, and where standard error is closed too nobody hears why.
func TestAWorkerThatClosedItsPipesIsNamed(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	for range 5 {
		w := dies(t, p, "close")
		if named := w.Cause == parfor.FatalError && strings.Contains(w.Error(), "pipe"); !named && (w.Cause != parfor.Exit || w.ExitCode != 2) {
			t.Errorf("%q: %v", w.Cause, w)
		}
	}
	if w := dies(t, p, "frame"); w.Cause != parfor.FatalError || !strings.Contains(w.Error(), "no such frame") {
		t.Errorf("%q: %v", w.Cause, w)
	}
}

// A process that left the worker's group and has its pipe open hides the worker's
// end for a moment at most, while it works and while it is closed.
func TestADeathBehindAnOpenPipeIsSeen(t *testing.T) {
	var errs bytes.Buffer
	p := pool(t, 1, process.Stderr(&errs))
	began := time.Now()
	if w := dies(t, p, "cling"); w.ExitCode != 9 {
		t.Errorf("%v", w)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if pid := pidOf(t, p); pid == 0 {
		t.Error("the pool is broken")
	}
	var sleeper int
	if _, err := fmt.Sscanf(errs.String(), "sleeper %d", &sleeper); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(sleeper, syscall.SIGKILL)
}

// Whatever part of the memory a body overwrites, with whatever: each task of the
// loop gets a verdict, and the pool goes on. What others of that worker got may be
// wrong, as in one process.
func TestOverwrittenMemoryEndsNoPool(t *testing.T) {
	for room := range rooms {
		for _, verb := range []string{"zero", "fill", "spoil", "exit"} {
			t.Run(verb+" "+room, func(t *testing.T) {
				p := pool(t, 2, process.Stderr(discard{}))
				warm := make([]string, 2000) // so that the vandal has company in its ring
				if _, err := parfor.Map(t.Context(), warm, vandal, parfor.On(p)); err != nil {
					t.Fatal(err)
				}
				items := make([]string, 4000)
				items[1500] = verb + " " + room
				_, err := parfor.Map(t.Context(), items, vandal, parfor.On(p), parfor.KeepGoing(), parfor.LoopTimeout(soon))
				var le *parfor.LoopError
				if err != nil && (!errors.As(err, &le) || le.Cause != nil) {
					t.Errorf("%v", err)
				}
				if pidOf(t, p) == 0 {
					t.Error("the pool is broken")
				}
			})
		}
	}
}

// The same of a lone task, whose result a guest of its owner looks for.
func TestOverwrittenMemoryHangsNoLoneTask(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*soon)
	defer cancel()
	p, err := process.NewPool(ctx, 1, process.Stderr(discard{}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close() // whose error is what the last of them did
	for room := range rooms {
		for _, verb := range []string{"zero", "fill", "spoil"} {
			for range 20 { // short ones come before, so that there are guests
				pidOf(t, p)
			}
			parfor.Submit(ctx, p, vandal, verb+" "+room).Result(ctx)
			if ctx.Err() != nil {
				t.Fatalf("%s %s hangs", verb, room)
			}
			var died *parfor.WorkerError
			if _, err := parfor.Submit(ctx, p, crash, "").Result(ctx); err != nil && !errors.As(err, &died) {
				t.Fatal(err) // else the memory's last victim
			}
		}
	}
}

// A body that overwrites the requests that wait behind it, and dies: they have not
// begun, whatever is left of them.
func TestOverwrittenRequestsAreNotLost(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	items := make([]string, 1000)
	items[10] = "exit ring"
	out, err := parfor.Map(t.Context(), items, vandal, parfor.On(p), parfor.KeepGoing(), parfor.Chunk(1000))
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 1 || le.First[0].Index != 10 {
		t.Fatalf("want item 10 alone to fail: %v", err)
	}
	for i, pid := range out {
		if i != 10 && pid == 0 {
			t.Fatalf("item %d has no result", i)
		}
	}
}

// What wakes the other side gets lost: the sleepers look themselves.
func TestLostWakeUps(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	for _, how := range []string{"eat", "zero header"} {
		for range 2 {
			if _, err := parfor.Submit(t.Context(), p, vandal, how).Result(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				pidOf(t, p)
				runtime.Gosched()
			}
		}
	}
}

// A body that wipes the status page off hides from the supervisor, not from its
// timeout.
func TestATimeoutFindsWhoHides(t *testing.T) {
	p := pool(t, 1)
	_, err := parfor.Submit(t.Context(), p, vandal, "hide status", parfor.Timeout(50*time.Millisecond), parfor.Grace(50*time.Millisecond)).Result(t.Context())
	var te *parfor.TimeoutError
	if !errors.As(err, &te) || !te.Killed {
		t.Errorf("got %v", err)
	}
}

func dieAtBirth(context.Context) error { os.Exit(11); return nil }

var _ = process.RegisterInit(dieAtBirth)

func TestC48_InitializerThatDies(t *testing.T) {
	p := pool(t, 2, process.WorkerInit(dieAtBirth), process.Stderr(discard{}))
	for range 2 {
		_, err := parfor.Map(t.Context(), upTo(100), wasSetUp, parfor.On(p))
		var w *parfor.WorkerError
		if !errors.As(err, &w) || w.Cause != parfor.StartFailed || w.ExitCode != 11 || !strings.Contains(err.Error(), "initializer") {
			t.Errorf("got %v", err)
		}
	}
}

// hog keeps the program large while a worker dies.
var hog []byte

// The peak of a worker is its own: Linux passes the number of the program that
// starts another one on to it.
func TestPeakMemoryIsTheWorkersOwn(t *testing.T) {
	hog = bytes.Repeat([]byte{1}, 256<<20)
	defer func() { hog = nil }()
	p := pool(t, 1, process.Stderr(discard{}))
	if w := dies(t, p, "exit arena"); w.PeakRSS < 1<<20 || w.PeakRSS > 128<<20 {
		t.Errorf("peak %d MiB", w.PeakRSS>>20)
	}
}

// A body that leaves a line unfinished, then faults.
func TestC33_AFaultBehindAnUnfinishedLine(t *testing.T) {
	p := pool(t, 1, process.Stderr(discard{}))
	if w := dies(t, p, fmt.Sprint("mumble ", int(syscall.SIGSEGV))); w.Cause != parfor.Fault {
		t.Errorf("%q: %v", w.Cause, w)
	}
}
