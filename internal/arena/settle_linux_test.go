package arena

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// What lies in the arena is the same before and after it gets huge pages, and a
// page of which a part was given back stays as it is.
func TestSettle(t *testing.T) {
	a, err := New(least)
	if err != nil {
		t.Skip(err) // no such memory here
	}
	defer a.Close()
	var at []uint64
	for i := range 12 {
		off, _, err := a.Alloc(punchFrom)
		if err != nil {
			t.Fatal(err)
		}
		fill(a, off, byte(i+1))
		at = append(at, off)
	}
	a.Free(at[7], punchFrom)
	used := blocks(t, a)
	a.Settle()
	a.Settle() // nothing is left to do
	a.settling.Wait()
	for i, off := range at {
		if want := byte(i + 1); i != 7 && !bytes.Equal(a.mem[off:off+punchFrom], bytes.Repeat([]byte{want}, punchFrom)) {
			t.Errorf("block %d changed", i)
		}
	}
	if now := blocks(t, a); now > used {
		t.Errorf("it holds %d KiB, %d before: memory that was given back has returned", now/2, used/2)
	}
	v, err := Open(a.File())
	if err != nil {
		t.Fatal(err)
	}
	if got := *(*byte)(v.At(at[11], 1)); got != 12 {
		t.Errorf("a reader sees %d, want 12", got)
	}
	v.Close()
}

func fill(a *Arena, off uint64, with byte) {
	for i := range a.mem[off : off+punchFrom] {
		a.mem[off+uint64(i)] = with
	}
}

// blocks is what the file holds, in units of 512 bytes.
func blocks(t *testing.T, a *Arena) int64 {
	t.Helper()
	st, err := os.Stat(fmt.Sprintf("/proc/self/fd/%d", a.File().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return statBlocks(st)
}

func statBlocks(st os.FileInfo) int64 { return st.Sys().(*syscall.Stat_t).Blocks }
