//go:build unix

package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// zeros is a command that writes n bytes without a newline.
func zeros(n int) *Command { return sh(`head -c "$1" /dev/zero`, strconv.Itoa(n)) }

func TestEveryByteIsAccountedFor(t *testing.T) {
	const n = 300_000
	for _, beyond := range []Beyond{Cut, Spill} {
		for _, limit := range []int64{-1, 1, 65_536, n - 1, n, n + 1, 0} {
			t.Run(fmt.Sprint(beyond, limit), func(t *testing.T) {
				c := sh(`head -c 300000 /dev/zero | tr '\0' a; head -c 1000 /dev/zero | tr '\0' b >&2`)
				c.MaxOutput, c.Beyond = limit, beyond
				r := do(t, c)
				mem := min(n, orDefault(limit, DefaultMaxOutput))
				if got := r.Stdout.Len() + r.Stdout.Dropped(); got != n || int64(len(r.Stdout.Head())) != mem {
					t.Errorf("%d bytes, %d in memory", got, len(r.Stdout.Head()))
				}
				cut := beyond == Cut && mem < n
				if r.Truncated != cut || cut != (r.Stdout.Dropped() > 0) || (r.Stdout.Spilled() > 0) != (beyond == Spill && mem < n) {
					t.Errorf("%+v", r)
				}
				if got := text(t, &r.Stdout); got != strings.Repeat("a", int(r.Stdout.Len())) {
					t.Errorf("other bytes: %s", short(got))
				}
				if got := r.Stderr.Len() + r.Stderr.Dropped(); got != 1000 {
					t.Errorf("%d bytes of stderr", got)
				}
			})
		}
	}
}

func TestHundredMegabytesWithoutNewline(t *testing.T) {
	const n = 100 << 20
	for _, beyond := range []Beyond{Cut, Spill} {
		c := zeros(n)
		c.Beyond, c.TempDir = beyond, t.TempDir()
		live := 0
		c.Live = func(_ Stream, line []byte) { live += len(line) }
		r := do(t, c)
		if r.Stdout.Len()+r.Stdout.Dropped() != n || live != n {
			t.Errorf("%d kept, %d not, %d live", r.Stdout.Len(), r.Stdout.Dropped(), live)
		}
		if got, err := r.Stdout.WriteTo(io.Discard); err != nil || got != r.Stdout.Len() {
			t.Errorf("%d written: %v", got, err)
		}
		r.Close()
	}
}

// TestFourGigabytes is the 4GB of GNU parallel's list: more than 32 bits count.
func TestFourGigabytes(t *testing.T) {
	if !*big {
		t.Skip("-big runs it")
	}
	const n = 4<<30 + 4096
	sparse := filepath.Join(t.TempDir(), "sparse")
	if err := os.WriteFile(sparse, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sparse, n); err != nil {
		t.Fatal(err)
	}
	for _, beyond := range []Beyond{Cut, Spill} {
		r := do(t, &Command{Argv: []string{"cat", sparse}, Beyond: beyond, TempDir: t.TempDir()})
		if r.Stdout.Len()+r.Stdout.Dropped() != n {
			t.Errorf("%d kept, %d not", r.Stdout.Len(), r.Stdout.Dropped())
		}
		if got, err := r.Stdout.WriteTo(io.Discard); err != nil || got != r.Stdout.Len() {
			t.Errorf("%d written: %v", got, err)
		}
		r.Close()
	}
}

// TestMemoryIsFlat is the RAM of GNU parallel's list: 8 commands that write
// 1.6 GB between them leave what they said in files.
func TestMemoryIsFlat(t *testing.T) {
	size := 20 << 20
	if *big {
		size = 200 << 20
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	dir := t.TempDir()
	var jobs sync.WaitGroup
	for range 8 {
		jobs.Go(func() {
			c := zeros(size)
			c.Beyond, c.TempDir = Spill, dir
			r, err := Run(t.Context(), c)
			if err != nil || r.Stdout.Len() != int64(size) {
				t.Errorf("%d bytes: %v", r.Stdout.Len(), err)
			}
			r.Close()
		})
	}
	jobs.Wait()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8*(6<<20) {
		t.Errorf("%d bytes were allocated", got)
	}
	if got, _ := filepath.Glob(dir + "/*"); len(got) > 0 {
		t.Errorf("left in the folder: %v", got)
	}
}

func TestNoFolderForSpilling(t *testing.T) {
	c := zeros(2 << 20)
	c.Beyond, c.TempDir = Spill, "/nowhere"
	r, err := Run(t.Context(), c)
	t.Cleanup(func() { r.Close() })
	var spilling *SpillError
	if !errors.As(err, &spilling) || !strings.Contains(err.Error(), "/nowhere") || r.Stdout.Len() != 1<<20 {
		t.Errorf("%d bytes kept, %v", r.Stdout.Len(), err)
	}
}

// TestFullDisk is DISKFULL: a file that may not grow (RLIMIT_FSIZE) in a
// process that is told so.
func TestFullDisk(t *testing.T) {
	out, err := again(t, "full").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := fmt.Sprintf("standard output beyond the first %d bytes could not be kept: write ", 1<<20+fullAt)
	if got := string(out); !strings.HasPrefix(got, want) || !strings.Contains(got, "parfor-spill") || !strings.Contains(got, "file too large") {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestFullFileSystem is the same on a file system of 2 MB.
func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := mountTmpfs(dir, "size=2m"); err != nil {
		t.Skip("no mount here: ", err)
	}
	defer unmount(t, dir)
	c := sh(`yes no newline | tr -d '\n'`)
	c.Beyond, c.TempDir = Spill, dir
	r, err := Run(t.Context(), c)
	var spilling *SpillError
	if !errors.As(err, &spilling) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
	if said := fmt.Sprintf("standard output is over 3145728 bytes and there is no room for more in %s: no space left on device: set TMPDIR to another place", dir); !strings.HasPrefix(err.Error(), said) {
		t.Error(err)
	}
	if want := int64(1<<20 + 2<<20); r.Stdout.Len() != want || spilling.Kept != want || !r.Truncated {
		t.Errorf("%d bytes kept, want %d", r.Stdout.Len(), want)
	}
	got := text(t, &r.Stdout)
	if want := strings.Repeat("no newline", len(got)/10+1)[:len(got)]; got != want {
		t.Error("other bytes than the command wrote")
	}
	r.Close()
}

// TestCleanup is CLEANUP: a process that is killed leaves no file.
func TestCleanup(t *testing.T) {
	dir := t.TempDir()
	cmd := again(t, "spills")
	cmd.Env = append(cmd.Env, "TMPDIR="+dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	up := make([]byte, 3)
	if _, err := io.ReadFull(out, up); err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if got, _ := filepath.Glob(dir + "/*"); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

// again is the test binary as one of the helpers.
func again(t *testing.T, helper string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "PARFOR_CHILD_TEST="+helper)
	return cmd
}

// fullAt is where the file of the helper "full" can't grow further.
const fullAt = 100_000

func full() int {
	limit := syscall.Rlimit{Cur: fullAt, Max: fullAt}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println(err)
		return 1
	}
	c := zeros(3 << 20)
	c.Beyond = Spill
	r, err := Run(context.Background(), c)
	fmt.Println(err)
	if r.Stdout.Len() != 1<<20+fullAt || r.Stdout.Len()+r.Stdout.Dropped() < 1<<20+fullAt {
		fmt.Println(r.Stdout.Len(), r.Stdout.Dropped())
		return 1
	}
	return 0
}

func spills() int {
	c := sh("head -c 3000000 /dev/zero; echo up >&2; head -c 3000000 /dev/zero; read forever")
	c.Beyond = Spill
	hold, w, err := os.Pipe() // this process keeps the other end: a read that ends with it
	if err != nil {
		return 1
	}
	defer w.Close()
	c.StdinFrom = hold
	c.Live = func(s Stream, line []byte) {
		if s == Stderr {
			os.Stdout.Write(line)
		}
	}
	Run(context.Background(), c)
	return 0
}
