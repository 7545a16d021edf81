//go:build unix

package procgroup

import (
	_ "embed"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Guard ends process groups when parfor can't any more: after kill -9. What the
// system does by itself ends a command and not what that has started, and under
// dash, which is sh on many systems, that is every program of a line.
//
// It is a shell (guard.sh) that waits for the end of a pipe, which is that of
// parfor, and then reads the groups from a file without a name. So a command
// costs two small writes, and a run the start of a shell. What is between its
// fork and its entry in the file has but the kernel's signal; so has everything
// where there is no sh. A nil Guard guards nothing. Methods may be called
// concurrently.
type Guard struct {
	grace time.Duration
	begin sync.Once
	list  *os.File // 8 bytes for each place: a number, or blanks, and a newline; nil: no guard
	life  *os.File // ends with this process
	shell *exec.Cmd

	mu   sync.Mutex
	free []int // places
	most int   // of them
}

// script gets the groups' numbers on descriptor 3, a line each or blanks. Its $1
// is "told" if their first processes have had SIGTERM, $2 how many tenths of a
// second they have. While it lives, the first process of a group may look after
// what it has started; once it is gone, the others get SIGTERM, once. Groups that
// are gone are forgotten in each round: their numbers may become another's. A
// process that has ended may wait for its burial, for ever in a container whose
// process 1 is no init; Linux tells.
//
//go:embed guard.sh
var script string

const place = 8 // bytes; Linux has numbers of up to 7 digits

// NewGuard makes one. Groups get SIGKILL after grace. Nothing of it fails: without
// it commands run as well. Call Close.
func NewGuard(grace time.Duration) *Guard { return &Guard{grace: grace} }

// Start is called before the fork of what is to be guarded. Only the first call
// has something to do.
func (g *Guard) Start() {
	if g != nil {
		g.begin.Do(g.start)
	}
}

func (g *Guard) start() {
	list, err := nameless()
	if err != nil {
		return
	}
	r, w, err := os.Pipe()
	if err != nil {
		list.Close()
		return
	}
	told := "untold"
	if tells {
		told = "told"
	}
	tenths := strconv.FormatInt(int64((g.grace+99*time.Millisecond)/(100*time.Millisecond)), 10)
	g.list, g.life = list, w
	g.shell = exec.Command("sh", "-c", script, "parfor-guard", told, tenths)
	g.shell.Stdin, g.shell.ExtraFiles, g.shell.Dir = r, []*os.File{list}, "/"
	g.shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // ^C isn't meant for it
	_ = g.shell.Start()
	r.Close()
}

// Add guards the group that a process leads, until Remove of its place.
func (g *Guard) Add(pid int) (at int) {
	if g == nil {
		return 0
	}
	g.mu.Lock()
	if n := len(g.free); n > 0 {
		at, g.free = g.free[n-1], g.free[:n-1]
	} else {
		at = g.most
		g.most++
	}
	g.mu.Unlock()
	g.put(at, strconv.Itoa(pid))
	return at
}

// Remove is called once the process has been waited for: its number may be
// another's.
func (g *Guard) Remove(at int) {
	if g == nil {
		return
	}
	g.put(at, "")
	g.mu.Lock()
	g.free = append(g.free, at)
	g.mu.Unlock()
}

func (g *Guard) put(at int, number string) {
	if g.list == nil {
		return
	}
	text := []byte("       \n")
	copy(text, number)
	_, _ = g.list.WriteAt(text, int64(at)*place)
}

// Close ends the guard. What it still guards goes on.
func (g *Guard) Close() {
	if g == nil || g.list == nil {
		return
	}
	if g.shell.Process != nil {
		g.shell.Process.Kill() //nolint:errcheck // it may have been killed
		g.shell.Wait()         //nolint:errcheck // it was
	}
	g.life.Close()
	g.list.Close()
}
