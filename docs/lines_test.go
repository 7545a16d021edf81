package docs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var console = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestTranscripts runs the commands of the page about programs that stay alive,
// beside the ready bodies, and compares what they print.
func TestTranscripts(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "parfor"), ".")
	build.Dir = "../cmd/parfor"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n := 0
	for _, block := range console.FindAllStringSubmatch(read(t, "lines.md"), -1) {
		for _, command := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, want, _ := strings.Cut(command, "\n")
			n++
			t.Run(line, func(t *testing.T) {
				needs(t, line)
				cmd := exec.Command("sh", "-c", line)
				cmd.Dir = "bodies"
				cmd.Env = append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				got, err := cmd.Output()
				if err != nil || strings.TrimSuffix(string(got), "\n") != strings.TrimSuffix(want, "\n") {
					t.Errorf("%v\n%s%s\nwant %s", err, got, &stderr, want)
				}
			})
		}
	}
	if n < 5 {
		t.Errorf("found %d commands", n)
	}
}

// needs skips a command whose program isn't there. Python and Node have to be
// on CI; the others are a courtesy.
func needs(t *testing.T, line string) {
	t.Helper()
	_, argv, _ := strings.Cut(line, " -- ")
	prog := strings.Fields(argv)[0]
	if _, err := exec.LookPath(prog); err != nil {
		if os.Getenv("CI") == "true" && (prog == "python3" || prog == "node") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
