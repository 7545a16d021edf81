package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// -posts 10000 is the tutorial's size.
var posts = flag.Int("posts", 2000, "how many requests the program sends")

func TestOutput(t *testing.T) {
	program := filepath.Join(t.TempDir(), "posts")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-n", strconv.Itoa(*posts))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	want := fmt.Sprintf("%d numbers: %d × 200, %d × 404\neach was asked for, and counted once, though an agent was killed meanwhile\n", *posts, *posts/50*49, *posts/50)
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s%s", err, out, &said)
	}
}

// TestPage compares the code of the page with this program, line by line.
func TestPage(t *testing.T) {
	program := lines(t, "main.go")
	known := map[string]bool{}
	for _, line := range program {
		known[line] = true
	}
	inCode, n := false, 0
	for _, line := range lines(t, "../../../docs/one-to-many.md") {
		switch {
		case strings.HasPrefix(line, "```"):
			inCode = line == "```go"
		case inCode && !known[line]:
			t.Errorf("not in the program: %s", line)
		case inCode:
			n++
		}
	}
	if n < 15 {
		t.Errorf("%d lines of code", n)
	}
}

// lines are those of a file without the spaces around them.
func lines(t *testing.T, name string) (all []string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}
