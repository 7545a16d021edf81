//go:build unix

package process_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func run(t *testing.T, path string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// A program of its own, since these are about what main does.
func TestProgram(t *testing.T) {
	hook := filepath.Join(t.TempDir(), "hook")
	if out, err := exec.Command("go", "build", "-o", hook, "./testdata/hook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Run("C60_WithoutMainThereIsNoForkBomb", func(t *testing.T) { noMain(t, hook) })
	t.Run("C60_MainThatAWorkerDoesNotReach", func(t *testing.T) { lateMain(t, hook) })
	t.Run("WorkersDieWithTheirParent", func(t *testing.T) { orphans(t, hook) })
}

func noMain(t *testing.T, hook string) {
	out, errs, code := run(t, hook, "nohook")
	if out != "" || code != 1 || !strings.Contains(errs, "process.Main was not called") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, out, errs)
	}
}

func lateMain(t *testing.T, hook string) {
	out, errs, code := run(t, hook, "late")
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

func orphans(t *testing.T, hook string) {
	dir := t.TempDir()
	cmd := exec.Command(hook, "hang", dir)
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
