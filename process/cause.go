package process

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"parfor.dev/parfor"
)

// death is how a process ended.
type death struct {
	pid    int
	signal syscall.Signal
	code   int
	rss    int64
	stderr string
	dump   string
	cause  parfor.Cause
	reason string // more about the cause
}

// raceExit is the status of a program whose race detector found something.
const raceExit = 66

func autopsy(s *os.ProcessState, stderr string, dump []byte) death {
	d := death{pid: s.Pid(), stderr: stderr, dump: string(dump)}
	d.signal, d.code, d.rss = exited(s)
	d.cause = d.judge()
	if d.code == exitBroken && !strings.Contains(stderr, "parfor: worker ") {
		d.blame(errBroken) // it could not say so itself
	}
	return d
}

// faultLine is how the runtime begins to tell of a fault: at the beginning of a
// line, unless a body had left one unfinished. It is compiled when a process has
// died: at the start of every program it would take half a millisecond.
var faultLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\[signal SIG(SEGV|BUS|FPE|ILL)|SIG(SEGV|BUS|FPE|ILL|TRAP|SYS): |unexpected fault address |fatal error: (unexpected signal|fault)`)
})

// blame says that the pool ended the process, and why.
func (d *death) blame(why error) {
	d.cause = parfor.FatalError
	if d.stderr != "" && !strings.HasSuffix(d.stderr, "\n") {
		d.stderr += "\n"
	}
	d.stderr += why.Error() + "\n"
}

// judge names the cause. The status often can't: the Go runtime exits with 2
// after a segmentation fault, a stack overflow and a lack of memory alike, and
// says on standard error what it was.
func (d *death) judge() parfor.Cause {
	switch d.signal {
	case 0:
	case syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL:
		return parfor.Fault
	case syscall.SIGABRT:
		return d.fatal()
	default:
		return parfor.Killed
	}
	switch {
	case d.code == raceExit && strings.Contains(d.stderr, "DATA RACE"):
		return parfor.RaceDetected
	case d.code == exitBroken:
		return parfor.FatalError
	case d.code == exitStacks && (d.dump != "" || strings.Contains(d.stderr, "goroutine ")):
		d.signal, d.code = syscall.SIGQUIT, -1
		return parfor.Killed
	case d.code == 2:
		return d.fatal()
	}
	return parfor.Exit
}

func (d *death) fatal() parfor.Cause {
	has := func(s string) bool { return strings.Contains(d.stderr, s) }
	switch {
	case has("goroutine stack exceeds") || has("fatal error: stack overflow"):
		return parfor.StackOverflow
	case has("fatal error: runtime: out of memory") || has("fatal error: out of memory") ||
		has("runtime: out of memory") || has("fatal error: runtime: cannot allocate memory"):
		return parfor.OOM
	case has("addr=0x0\n") && has("runtime.(*spanQueue)."):
		// The collector (Go 1.26) takes for granted that the system has memory for
		// its queue: newSpanSPMC in mgcmark_greenteagc.go.
		return parfor.OOM
	case faultLine().MatchString(d.stderr):
		return parfor.Fault
	case has("fatal error: ") || has("panic: ") || has("SIGABRT: ") || d.signal != 0:
		return parfor.FatalError
	}
	if d.stderr == "" {
		d.stderr = silent
	}
	return parfor.Exit
}

// silent is said of a process whose code alone tells nothing.
const silent = "parfor: it wrote nothing to standard error: a body called os.Exit(2), or closed that and the pipes of the runtime, which then gave up\n"

// err makes an error of its own for each task that died.
func (d *death) err() *parfor.WorkerError {
	e := &parfor.WorkerError{PID: d.pid, Cause: d.cause, ExitCode: d.code, PeakRSS: d.rss, Stderr: d.stderr, Dump: d.dump, Reason: d.reason}
	if d.signal != 0 {
		e.Signal, e.ExitCode = signalName(d.signal), -1
	}
	return e
}

var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGILL: "SIGILL",
	syscall.SIGTRAP: "SIGTRAP", syscall.SIGABRT: "SIGABRT", syscall.SIGFPE: "SIGFPE", syscall.SIGKILL: "SIGKILL",
	syscall.SIGSEGV: "SIGSEGV", syscall.SIGPIPE: "SIGPIPE", syscall.SIGALRM: "SIGALRM", syscall.SIGTERM: "SIGTERM",
	syscall.SIGBUS: "SIGBUS",
}

func signalName(s syscall.Signal) string {
	if n, ok := signalNames[s]; ok {
		return n
	}
	return s.String()
}
