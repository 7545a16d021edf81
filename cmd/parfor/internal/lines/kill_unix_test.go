//go:build unix

package lines

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func killPid(t testing.TB, text string) {
	pid, err := strconv.Atoi(text)
	if err == nil && pid > 1 {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Errorf("kill %s: %v", text, err)
	}
}

// runs reports whether the process is there and not just waiting to be reaped.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		n, _ := strconv.Atoi(pid)
		_, noProc := os.Stat("/proc/self")
		return noProc != nil && syscall.Kill(n, 0) == nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return state[0] != 'Z' && state[0] != 'X'
}
