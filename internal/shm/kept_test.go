//go:build linux

package shm

import (
	"syscall"
	"testing"
)

// blocks is how much memory a region's file has.
func blocks(t *testing.T, m *Memory) int64 {
	var st syscall.Stat_t
	if err := syscall.Fstat(int(m.File().Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}

func TestKeptAreas(t *testing.T) {
	m, err := Create(1, 1, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	q := m.Requests()
	empty := blocks(t, m)
	put := func(area int, n int) {
		t.Helper()
		if err := m.region.writeArea(area, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		q.FreeArea(area, uint64(n))
	}
	put(0, 8<<20)
	put(1, 16<<20)
	put(1, 1<<20)
	if n := blocks(t, m) - empty; n < 24<<20 || n > 25<<20 || !m.Keeps() {
		t.Errorf("%d MB are kept, want 24", n>>20)
	}
	put(2, keptMost-8<<20) // too much beside the others: given back
	if n := blocks(t, m) - empty; n > 25<<20 {
		t.Errorf("%d MB are kept, want 24", n>>20)
	}
	m.FreeKept()
	if n := blocks(t, m) - empty; n > 1<<20 || m.Keeps() {
		t.Errorf("%d MB are kept, want none", n>>20)
	}
}
