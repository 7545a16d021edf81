package lines

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const inspects = true

const fionread = unix.TIOCINQ

// awaitExit returns when the process has ended, and leaves it to be reaped.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return
		}
	}
}

// readsPipe reports whether the process or a descendant of it waits for
// something to read from the pipe.
func readsPipe(pid int, f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var stat unix.Stat_t
	if conn.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &stat) }) != nil || err != nil {
		return false
	}
	return reads(pid, fmt.Sprintf("pipe:[%d]", stat.Ino), 4)
}

// reads looks as many generations down as depth says.
func reads(pid int, pipe string, depth int) bool {
	dir := fmt.Sprintf("/proc/%d", pid)
	var call, fd int // "0 0x0 …" is read from descriptor 0; "running" is neither
	if text, err := os.ReadFile(dir + "/syscall"); err == nil {
		if n, _ := fmt.Sscanf(string(text), "%d 0x%x", &call, &fd); n == 2 && call == unix.SYS_READ {
			if input, err := os.Readlink(fmt.Sprintf("%s/fd/%d", dir, fd)); err == nil && input == pipe {
				return true
			}
		}
	}
	if depth == 0 {
		return false
	}
	children, _ := os.ReadFile(fmt.Sprintf("%s/task/%d/children", dir, pid))
	for _, child := range strings.Fields(string(children)) {
		if id, err := strconv.Atoi(child); err == nil && reads(id, pipe, depth-1) {
			return true
		}
	}
	return false
}
