//go:build unix

package replica_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
)

func init() { reader = read }

// read is another process: it reads keys that are always there until its
// input ends, and prints how many reads it did and how many were wrong.
func read() {
	v, err := arena.Open(os.NewFile(3, "arena"))
	check(err)
	at := func(name string) uint64 {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
		check(err)
		return n
	}
	words, err := replica.OpenWords(v, at("REPLICA_READER"))
	check(err)
	records, err := replica.OpenRecords(v, at("REPLICA_RECORDS"))
	check(err)
	done := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	fmt.Println("ready")
	reads, wrong := 0, 0
	var key, buf [128]byte
	for {
		select {
		case <-done:
			fmt.Println(reads, wrong)
			return
		default:
		}
		for k := range uint64(1000) {
			if w, ok, err := words.Get(k); err != nil || !ok || w>>32 != k {
				wrong++
			}
			b, n, ok, err := records.Get(fmt.Append(key[:0], "key ", k), buf[:0])
			if err != nil || !ok || len(b) != 20+int(n%30) || bytes.Count(b, b[:1]) != len(b) || b[0] != byte(n) {
				wrong++
			}
			reads += 2
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// TestAnotherProcessReads has a process read while this one writes, grows the
// tables, and stops and continues the reader at random.
func TestAnotherProcessReads(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no such memory")
	}
	a, err := arena.New(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	w := replica.NewWords()
	at, err := w.Share(a)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := replica.NewRecords(a)
	if err != nil {
		t.Fatal(err)
	}
	record := func(k, n uint64) {
		if err := rs.Put(fmt.Append(nil, "key ", k), bytes.Repeat([]byte{byte(n)}, 20+int(n%30)), n); err != nil {
			t.Fatal(err)
		}
	}
	for k := range uint64(1000) {
		put(w, k, k<<32)
		record(k, k)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprint("REPLICA_READER=", at), fmt.Sprint("REPLICA_RECORDS=", rs.Root()))
	cmd.ExtraFiles = []*os.File{a.File()}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ready string
	fmt.Fscan(out, &ready)
	for i, end := uint64(0), time.Now().Add(700*time.Millisecond); time.Now().Before(end); i++ {
		put(w, i%1000, i%1000<<32|i&0xffff)
		record(i%1000, i)
		put(w, 1000+i%200_000, i)
		if i%3 == 0 {
			drop(w, 1000+(i*7)%200_000)
		}
		if i%2000 == 0 {
			cmd.Process.Signal(syscall.SIGSTOP)
		} else if i%2000 == 300 {
			cmd.Process.Signal(syscall.SIGCONT)
		}
	}
	cmd.Process.Signal(syscall.SIGCONT)
	in.Close()
	reads, wrong := 0, -1
	fmt.Fscan(out, &reads, &wrong)
	if err := cmd.Wait(); err != nil || ready != "ready" || wrong != 0 || reads == 0 {
		t.Fatalf("%q: %d reads, %d torn or missed, %v", ready, reads, wrong, err)
	}
	if _, err := syscall.Mmap(int(a.File().Fd()), 0, 4096, syscall.PROT_WRITE, syscall.MAP_SHARED); err == nil {
		t.Error("somebody who inherits the file can map it to write")
	}
	t.Logf("%d reads, none torn, none missed", reads)
}
