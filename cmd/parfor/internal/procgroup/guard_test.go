//go:build unix

package procgroup

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/internal/leak"
)

// TestMain lets the test binary be a process that is killed.
func TestMain(m *testing.M) {
	if line := os.Getenv("PARFOR_GUARD_TEST"); line != "" {
		guarded(line)
	}
	leak.Main(m)
}

// guarded runs a line, which holds descriptor 3, under a guard, and says when
// that is up.
func guarded(line string) {
	tells = tells && os.Getenv("PARFOR_GUARD_UNTOLD") == ""
	grace, _ := time.ParseDuration(os.Getenv("PARFOR_GUARD_GRACE"))
	g := NewGuard(grace)
	defer g.Close()
	g.Start()
	for range 10 { // the list has had others
		g.Remove(g.Add(9_000_000))
	}
	g.Add(9_000_001) // no system has such numbers
	cmd := exec.Command("sh", "-c", line)
	cmd.ExtraFiles = []*os.File{os.NewFile(3, "hold")}
	cmd.SysProcAttr = Attributes()
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	g.Add(cmd.Process.Pid)
	fmt.Println(cmd.Process.Pid)
	cmd.Wait() //nolint:errcheck // this process ends first
}

// TestGuard kills -9 a process that guards a group, and waits until nobody of
// that holds the pipe any more, whatever its attitude.
func TestGuard(t *testing.T) {
	tests := map[string]struct{ line, grace, says string }{
		"a program of a shell":   {`echo up; sleep 300; echo not >&3`, "1m", ""},
		"a pipeline":             {`{ echo up; sleep 300; } | { read x; echo $x; sleep 300; }`, "1m", ""},
		"cleans up":              {`trap 'kill $!; sh -c "echo bye >&3"; exit' TERM; sleep 300 3>&- & echo up; wait`, "1m", "bye"},
		"ignores TERM":           {`trap "" TERM; echo up; while :; do sleep 300; done`, "300ms", ""},
		"an orphan ignores TERM": {`(trap "" TERM; echo up; while :; do sleep 300; done) & wait`, "300ms", ""},
		"an orphan cleans up":    {`(trap 'kill $!; echo bye >&3; exit' TERM; sleep 300 3>&- & echo up; wait) & wait`, "1m", "bye"},
	}
	for name, c := range tests {
		for mode, env := range map[string]string{"": "", ", no system tells": "yes"} {
			t.Run(name+mode, func(t *testing.T) {
				t.Parallel()
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				exe, err := os.Executable()
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(exe)
				cmd.Env = append(os.Environ(), "PARFOR_GUARD_GRACE="+c.grace, "PARFOR_GUARD_TEST=exec >&3; "+c.line, "PARFOR_GUARD_UNTOLD="+env)
				cmd.ExtraFiles, cmd.Stderr = []*os.File{w}, t.Output()
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				w.Close()
				if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				said := bufio.NewReader(r)
				if up, err := said.ReadString('\n'); up != "up\n" {
					t.Fatal(up, err)
				}
				cmd.Process.Kill()
				cmd.Wait()
				r.SetReadDeadline(time.Now().Add(time.Minute))
				rest, err := io.ReadAll(said)
				got := slices.Compact(strings.Fields(string(rest))) // the kernel may signal more than once
				if err != nil || strings.Join(got, " ") != c.says {
					t.Errorf("%q, %v", rest, err)
				}
			})
		}
	}
}

// TestGuardOfManyPlaces: the list has each number once, whatever has come and
// gone.
func TestGuardOfManyPlaces(t *testing.T) {
	g := NewGuard(time.Second)
	defer g.Close()
	g.Start()
	var places []int
	for i := range 100 {
		places = append(places, g.Add(9_000_000+i))
	}
	for i, at := range places {
		if i%3 != 0 {
			g.Remove(at)
		}
	}
	g.Add(9_999_999)
	b, err := io.ReadAll(io.NewSectionReader(g.list, 0, 1<<20))
	if err != nil || len(b) != 100*place {
		t.Fatal(len(b), err)
	}
	seen := map[string]int{}
	for _, n := range strings.Fields(string(b)) {
		seen[n]++
	}
	for i := range 100 {
		want := 0
		if i%3 == 0 {
			want = 1
		}
		if n := strconv.Itoa(9_000_000 + i); seen[n] != want {
			t.Errorf("%s is there %d times", n, seen[n])
		}
	}
	if seen["9999999"] != 1 || len(seen) != 35 {
		t.Errorf("%v", seen)
	}
	for i := range places { // nothing of this test may be ended when the guard is
		g.put(i, "")
	}
}

func TestNoGuard(t *testing.T) {
	var g *Guard
	g.Remove(g.Add(1))
	g.Close()
	NewGuard(0).Close()
}
