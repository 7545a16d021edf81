//go:build unix

package process_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
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
