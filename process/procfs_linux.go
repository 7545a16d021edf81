package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// memoryOf is the resident memory of a worker that no file backs, without what it
// shares with the program: at most all pages that lie in those files. They are
// counted before and after, since large payloads come and go.
func memoryOf(p *proc) (int64, bool) {
	shared := sharedWith(p)
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/status")
	if err != nil {
		return 0, false
	}
	shared = max(shared, sharedWith(p))
	anon, ok := kibibytes(b, "\nRssAnon:")
	shmem, ok2 := kibibytes(b, "\nRssShmem:")
	return anon + max(0, shmem-shared), ok && ok2
}

// sharedWith is the size of the memory that a worker shares with the program.
func sharedWith(p *proc) (n int64) {
	for _, f := range []*os.File{p.mem.File(), sharedMemory(nil)} {
		var st unix.Stat_t
		if f != nil && unix.Fstat(int(f.Fd()), &st) == nil {
			n += st.Blocks * 512
		}
	}
	return n
}

func kibibytes(status []byte, name string) (int64, bool) {
	_, rest, found := bytes.Cut(status, []byte(name))
	f := bytes.Fields(rest)
	if !found || len(f) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(f[0]), 10, 64)
	return n << 10, err == nil
}

// cpuOf is the processor time of all threads of a process: one system call, of
// a clock that clock_getcpuclockid(3) describes.
func cpuOf(pid int) (time.Duration, bool) {
	const scheduler = 2
	var ts unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|scheduler), &ts)
	return time.Duration(ts.Nano()), err == nil
}

var states = map[byte]string{
	'T': "stopped", 't': "stopped by a debugger", 'D': "waiting for the kernel",
	'S': "asleep, or in a frozen control group", 'Z': "dead",
}

// stateOf describes the state of a process that does nothing, and reports
// whether a thread of it is ready to run.
func stateOf(pid int) (text string, ready bool) {
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
	for _, t := range tasks {
		if stateIn(t) == 'R' {
			return "", true
		}
	}
	s := stateIn("/proc/" + strconv.Itoa(pid) + "/stat")
	if s == 0 {
		return "", false
	}
	if text = states[s]; text == "" {
		text = "idle"
	}
	return fmt.Sprintf(": %s (state %c)", text, s), false
}

// stateIn is the letter behind the name, which may have parentheses in it.
func stateIn(file string) byte {
	b, err := os.ReadFile(file)
	if i := bytes.LastIndexByte(b, ')'); err == nil && i >= 0 && i+2 < len(b) {
		return b[i+2]
	}
	return 0
}
