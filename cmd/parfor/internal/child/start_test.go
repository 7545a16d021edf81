//go:build unix

package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("PATH", os.Getenv("PATH")+":"+dir)
	file("pf-not-executable", "", 0o644)
	for _, c := range []struct {
		cmd  Command
		code int
		want string
	}{
		{Command{}, 127, "no program"},
		{Command{Argv: []string{""}}, 127, "no program"},
		{Command{Argv: []string{"pf-no-such-program"}}, 127, "pf-no-such-program: no such program in PATH"},
		{Command{Argv: []string{"pf-not-executable"}}, 126, "not executable (chmod +x)"},
		{Command{Argv: []string{dir + "/nothing"}}, 127, "no such file"},
		{Command{Argv: []string{dir}}, 126, "permission denied"},
		{Command{Argv: []string{dir + "/pf-not-executable"}}, 126, "permission denied"},
		{Command{Argv: []string{file("no-interpreter", "#!/pf/nosuch\n", 0o755)}}, 126, "interpreter"},
		{Command{Argv: []string{file("no-format", "echo hi\n", 0o755)}}, 126, "script without #!"},
		{Command{Argv: []string{"true"}, Dir: dir + "/nowhere"}, 126, "no such folder"},
		{Command{Argv: []string{"true", strings.Repeat("x", 3<<20)}}, 126, "the longest 3145728"},
	} {
		_, err := Run(t.Context(), &c.cmd)
		var start *StartError
		if !errors.As(err, &start) || start.Code != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %.200v, want %d, %q", c.cmd.Argv, err, c.code, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/there", nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/plain", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir string
		code      int
	}{{"true", "", 0}, {"./there", dir, 0}, {dir + "/there", "/", 0}, {"./there", "", 127}, {"./plain", dir, 126}, {"pf-none", "", 127}} {
		err := Check(c.name, c.dir)
		var start *StartError
		if c.code == 0 && err != nil || c.code > 0 && (!errors.As(err, &start) || start.Code != c.code) {
			t.Errorf("%s in %q: %v, want %d", c.name, c.dir, err, c.code)
		}
	}
}

// TestPathIsSearchedOnce: what was found stays found.
func TestPathIsSearchedOnce(t *testing.T) {
	if _, err := Find("true"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "/nowhere")
	if _, err := Run(t.Context(), &Command{Argv: []string{"true"}}); err != nil {
		t.Error(err)
	}
}

// TestNoRoomForAProcess has a process that may have no more of them, until one
// of those that are there ends.
func TestNoRoomForAProcess(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("it takes a user without other processes")
	}
	cmd := again(t, "crowd")
	self, err := os.ReadFile(cmd.Path) // where another user can run it
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "parfor-crowd-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Path = dir + "/test"
	cmd.Dir = "/"
	if err := os.WriteFile(cmd.Path, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// crowd is the helper: the limit first allows none, then one again.
func crowd() int {
	const nproc = 6 // RLIMIT_NPROC of Linux
	c := &Command{Argv: []string{"true"}}
	if _, err := Run(context.Background(), c); err != nil { // threads are there
		fmt.Println(err)
		return 1
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(nproc, &was); err != nil {
		fmt.Println(err)
		return 1
	}
	syscall.Setrlimit(nproc, &syscall.Rlimit{Cur: 1, Max: was.Max})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("without room:", err)
		return 1
	}
	attr := &syscall.ProcAttr{Sys: &syscall.SysProcAttr{}}
	if _, err := syscall.ForkExec("/bin/true", c.Argv, attr); err != syscall.EAGAIN {
		fmt.Println("the limit isn't one:", err)
		return 1
	}
	time.AfterFunc(50*time.Millisecond, func() { syscall.Setrlimit(nproc, &was) })
	if r, err := Run(context.Background(), c); err != nil || r.Code != 0 {
		fmt.Println("with room again:", r.Code, err)
		return 1
	}
	var start *StartError
	if err := explained(c, "/bin/true", syscall.EAGAIN); !errors.As(err, &start) || start.Code != 0 || !strings.Contains(err.Error(), "-j") {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestManyAtOnce is MIX: commands at the same time keep their outputs apart.
func TestManyAtOnce(t *testing.T) {
	var slots sync.WaitGroup
	for slot := range 8 {
		slots.Go(func() {
			for i := range 10 {
				want := fmt.Sprintf("%d-%d\n", slot, i)
				r, err := Run(t.Context(), sh(`echo "$1"; echo "$1" >&2`, strings.TrimSpace(want)))
				if err != nil || string(r.Stdout.Head()) != want || string(r.Stderr.Head()) != want {
					t.Errorf("%q: %v, %q, %q", want, err, r.Stdout.Head(), r.Stderr.Head())
				}
			}
		})
	}
	slots.Wait()
}

func BenchmarkTrue(b *testing.B) {
	c := &Command{Argv: []string{"true"}}
	for b.Loop() {
		if r, err := Run(b.Context(), c); err != nil || r.Code != 0 {
			b.Fatal(r.Code, err)
		}
	}
}
