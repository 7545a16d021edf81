package journalfile

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// holder is the process that has the lock of a file, 0 if the kernel doesn't say:
// in a container it knows no processes outside.
func holder(path string) int {
	at, err := os.Stat(path)
	if err != nil {
		return 0
	}
	st, ok := at.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	// 1: FLOCK  ADVISORY  WRITE 2357 fd:00:131 0 EOF
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	dev := uint64(st.Dev)
	file := fmt.Sprintf("%02x:%02x:%d", dev>>8&0xfff|dev>>32&^0xfff, dev&0xff|dev>>12&0xffffff00, st.Ino)
	for line := range strings.Lines(string(locks)) {
		if f := strings.Fields(line); len(f) >= 6 && f[1] == "FLOCK" && f[5] == file {
			pid, _ := strconv.Atoi(f[4])
			return max(pid, 0)
		}
	}
	return 0
}
