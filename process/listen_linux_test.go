package process_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A pool opens no socket, in the program or in its workers: nobody but its
// own processes can reach them.
func TestNothingListens(t *testing.T) {
	before := sockets(t, os.Getpid())
	p := pool(t, 2)
	for _, pid := range append(p.PIDs(), os.Getpid()) {
		if n := sockets(t, pid); n > before {
			t.Errorf("process %d has %d sockets, %d before", pid, n, before)
		}
	}
}

func sockets(t *testing.T, pid int) (n int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(dir + "/" + fd.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
