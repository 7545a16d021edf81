//go:build unix

package process_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// covered builds the program with counters, runs it, and returns those of one
// function: how often its lines have run.
func covered(t *testing.T, prog, function string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(prog, args...)
	cmd.Env = append(os.Environ(), "GOCOVERDIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("go", "tool", "covdata", "func", "-i="+dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && f[1] == function {
			return f[2]
		}
	}
	t.Fatalf("no function %s in\n%s", function, out)
	return ""
}

// Workers have the program's GOCOVERDIR and write their counters when they end
// in order: what ran only there counts.
func TestCoverageOfWorkersCounts(t *testing.T) {
	prog := filepath.Join(t.TempDir(), "hook")
	if out, err := exec.Command("go", "build", "-cover", "-coverpkg=parfor.dev/parfor/process/testdata/hook", "-o", prog, "./testdata/hook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := covered(t, prog, "square", "sum"); got != "100.0%" {
		t.Errorf("a body that ran in workers is covered to %s", got)
	}
	if got := covered(t, prog, "hang", "sum"); got != "0.0%" {
		t.Errorf("a body that didn't run is covered to %s", got)
	}
}
