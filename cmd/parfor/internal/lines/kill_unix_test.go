//go:build unix

package lines

import (
	"strconv"
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
