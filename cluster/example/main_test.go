package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

func TestOutput(t *testing.T) {
	program := filepath.Join(t.TempDir(), "example")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	if want := "killing an agent\n300 results, their sum is 8955050\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}
