package process

import "syscall"

const (
	supported = true
	rssUnit   = 1024 // ru_maxrss is in KiB
)

// attributes of a worker: its own process group, so that it gets no Ctrl-C and
// takes its children along; and death with its parent, until it has its lifeline
// (see grasp). The kernel sends that signal when the thread that
// forked ends (golang/go#27505): workers are started by a thread that stays.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// executable is this program, even if its file was replaced or deleted.
func executable() (string, error) { return "/proc/self/exe", nil }

// settleIn is what a worker does for the machine once it serves: no core files
// of crashing bodies, and the kernel, when memory runs out, takes a worker and
// not the program.
func settleIn() {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	raiseOOMScore()
}
