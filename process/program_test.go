package process_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// program builds one of the programs in testdata, once.
func program(t *testing.T, name string) string {
	t.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	if path, ok := built.paths[name]; ok {
		return path
	}
	dir, err := os.MkdirTemp("", "parfor-test-")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if out, err := exec.Command("go", "build", "-o", path, "./testdata/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	built.paths[name] = path
	built.dirs = append(built.dirs, dir)
	return path
}

var built = struct {
	mu    sync.Mutex
	paths map[string]string
	dirs  []string
}{paths: map[string]string{}}

func run(t *testing.T, path string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestC60_WithoutMainThereIsNoForkBomb(t *testing.T) {
	out, errs, code := run(t, program(t, "nohook"))
	if out != "" || code != 1 || !strings.Contains(errs, "process.Main was not called") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
}

func TestC60_MainThatAWorkerDoesNotReach(t *testing.T) {
	out, errs, code := run(t, program(t, "hook"), "late")
	if out != "" || code != 1 || !strings.Contains(errs, "exit code 97") || !strings.Contains(errs, "on every path") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
}

func TestWorksUnderGoRun(t *testing.T) {
	out, errs, code := run(t, "go", "run", "./testdata/hook", "sum")
	if out != "[1 4 9] <nil>\n" || code != 0 {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
}

func TestWorkersDieWithTheirParent(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(program(t, "hook"), "hang", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	eventually(t, "two busy workers", func() bool {
		names, _ := os.ReadDir(dir)
		pids = pids[:0]
		for _, n := range names {
			pid, _ := strconv.Atoi(n.Name())
			pids = append(pids, pid)
		}
		return len(pids) == 2
	})
	cmd.Process.Kill()
	cmd.Wait()
	eventually(t, "the workers' end", func() bool {
		for _, pid := range pids {
			if syscall.Kill(pid, 0) == nil && !zombie(pid) {
				return false
			}
		}
		return true
	})
}

func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}
