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
	"time"
)

func run(t *testing.T, path string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// buildHook builds a program of its own, for what is about main.
func buildHook(t *testing.T) string {
	t.Helper()
	hook := filepath.Join(t.TempDir(), "hook")
	if out, err := exec.Command("go", "build", "-o", hook, "./testdata/hook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return hook
}

func TestProgram(t *testing.T) {
	hook := buildHook(t)
	t.Run("C60_WithoutMainThereIsNoForkBomb", func(t *testing.T) { noMain(t, hook) })
	t.Run("C60_MainThatAWorkerDoesNotReach", func(t *testing.T) { lateMain(t, hook) })
	t.Run("TempDirsOfAKilledProgramGoWithTheNext", func(t *testing.T) { heirs(t, hook) })
	t.Run("TimeInWhichAllWereStoppedIsNobodys", func(t *testing.T) { stopped(t, hook) })
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

// busyWorkers waits for two workers that have left their pids in a directory.
func busyWorkers(t *testing.T, dir string) (pids []int) {
	t.Helper()
	eventually(t, "two busy workers", func() bool {
		names, _ := os.ReadDir(dir)
		pids = pids[:0]
		for _, n := range names {
			pid, _ := strconv.Atoi(n.Name())
			pids = append(pids, pid)
		}
		return len(pids) == 2
	})
	return pids
}

// heirs kills a program whose workers have directories of their own.
func heirs(t *testing.T, hook string) {
	base, dir := t.TempDir(), t.TempDir()
	if err := syscall.Mkfifo(dir+".gate", 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(dir + ".gate")
	t.Setenv("TMPDIR", base)
	cmd := exec.Command(hook, "-temp", "wait", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	busyWorkers(t, dir)
	cmd.Process.Kill()
	cmd.Wait()
	if left, _ := os.ReadDir(base); len(left) != 1 || !strings.HasPrefix(left[0].Name(), "parfor-pool-") {
		t.Errorf("the killed program left %v", left)
	}
	if _, errs, code := run(t, hook, "-temp", "sum"); code != 0 {
		t.Error(errs)
	}
	if left, _ := os.ReadDir(base); len(left) > 0 {
		t.Errorf("the next one left %v", left)
	}
}

// stopped stops a program and its workers, as the freezer of their container
// does, for longer than a worker may be silent.
func stopped(t *testing.T, hook string) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(dir+".gate", 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(dir + ".gate")
	var out bytes.Buffer
	cmd := exec.Command(hook, "-pulse", "300ms", "wait", dir)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := append([]int{cmd.Process.Pid}, busyWorkers(t, dir)...)
	for range 5 {
		for _, pid := range all { // the program first
			syscall.Kill(pid, syscall.SIGSTOP)
		}
		time.Sleep(400 * time.Millisecond) // what is tested is that this time doesn't count
		for _, pid := range all {
			syscall.Kill(pid, syscall.SIGCONT)
		}
		time.Sleep(100 * time.Millisecond)
	}
	gate, err := os.OpenFile(dir+".gate", os.O_RDWR, 0) // which does not wait for a reader
	if err != nil {
		t.Fatal(err)
	}
	gate.Close()
	cmd.Wait()
	if out.String() != "<nil>\n" {
		t.Errorf("it said %s", out.String())
	}
}
