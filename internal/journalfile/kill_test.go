//go:build unix

package journalfile

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// writeUntilKilled is what this program does as another process: it adds items
// from many goroutines, and tells each when it is written.
func writeUntilKilled(path string) {
	n, _ := strconv.Atoi(os.Getenv("JOURNALFILE_SYNC"))
	first := 0
	w, err := Open(path, loop, Options{Sync: Sync(n), Replay: func(*Record) error { first++; return nil }})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var next sync.Mutex
	i := w.Found().Commits
	for range 8 {
		go func() {
			for {
				next.Lock()
				d := item(i)
				i++
				d.Result = make([]byte, i*37%5000)
				pos, err := w.AppendDone(d)
				number := i - 1
				next.Unlock()
				if err == nil {
					err = w.Wait(pos)
				}
				if err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
				os.Stdout.WriteString(strconv.Itoa(number) + "\n")
			}
		}()
	}
	select {}
}

var kills = flag.Int("kills", 5, "writers to kill in each mode")

// A writer that is killed at any moment loses nothing that it reported, the
// next one goes on behind it, and what is there are the items from the first on
// without a gap.
func TestKilledWriters(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []Sync{SyncNever, SyncAlways, SyncInterval(time.Millisecond)} {
		path := filed(t)
		reported, there := map[int]bool{}, 0
		for range *kills {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), "JOURNALFILE_WRITER="+path, "JOURNALFILE_SYNC="+strconv.Itoa(int(how)))
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines, kill := bufio.NewScanner(out), rand.IntN(2000)
			for n := 0; lines.Scan(); n++ {
				i, err := strconv.Atoi(lines.Text())
				if err != nil {
					t.Error(lines.Text())
				}
				reported[i] = true
				if n == kill {
					cmd.Process.Signal(syscall.SIGKILL) // the pipe may hold more
				}
			}
			cmd.Wait()
			there = 0
			for r, err := range records(t, path) {
				if err != nil || r.Done.Key != item(there).Key {
					t.Fatalf("sync %d: record %d is not that item: %v", how, there, err)
				}
				there++
			}
			for i := range reported {
				if i >= there {
					t.Fatalf("sync %d: item %d was reported, and %d are there", how, i, there)
				}
			}
		}
		if len(reported) == 0 {
			t.Error("nothing was reported")
		}
		t.Logf("sync %d: %d writers killed, %d items reported, %d there", how, *kills, len(reported), there)
	}
}
