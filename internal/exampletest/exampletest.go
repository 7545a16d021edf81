// Package exampletest runs an example program as its own test: the test binary
// is started again and becomes the program, so nothing has to be built first.
package exampletest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

const mark = "PARFOR_EXAMPLE"

// Main is called from TestMain with the example's main function. Neither the
// program nor its test may leave a process, a file or a goroutine behind.
func Main(m *testing.M, program func()) {
	if os.Getenv(mark) == "" {
		leak.Main(m)
	}
	before := leak.Before()
	program()
	left := before.Left()
	for _, what := range left {
		fmt.Fprintln(os.Stderr, "leak:", what)
	}
	os.Exit(min(len(left), 1))
}

// Output runs the program with args and returns what it wrote to standard
// output. The test fails if the program does.
func Output(t *testing.T, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), mark+"=1")
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\nstandard output:\n%s\nstandard error:\n%s", err, &out, &diag)
	}
	return out.String()
}

// Expect compares the program's standard output with the file.
func Expect(t *testing.T, file string, args ...string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := Output(t, args...); got != string(want) {
		t.Errorf("got:\n%s\nwant (%s):\n%s", got, file, want)
	}
}
