package results

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var snippet = regexp.MustCompile("(?s)```(python|sh)\n(.*?)```")

// TestDocs runs what docs/results.md says reads the files. All snippets print
// which keys are not ok.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var paths []string
	for _, suffix := range suffixes {
		paths = append(paths, filepath.Join(dir, "results"+suffix))
	}
	r := open(t, base, paths...)
	for n := 1; n <= 10; n++ {
		do(t, r, n)
	}
	journal, err := os.ReadFile(journalOf(paths[0]))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, r)
	writtenTo(t, paths[0], journal)
	programs := map[string][]string{"python": {"python3", "-c"}, "sh": {"sh", "-c"}}
	found := 0
	for _, m := range snippet.FindAllStringSubmatch(string(page), -1) {
		found++
		program := programs[m[1]]
		needs := program[0]
		if m[1] == "sh" {
			needs, _, _ = strings.Cut(m[2], " ")
		}
		if _, err := exec.LookPath(needs); err != nil {
			t.Logf("no %s", needs)
			continue
		}
		cmd := exec.Command(program[0], program[1], m[2])
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), "No module named") {
			t.Logf("%s", out)
			continue
		}
		if err != nil || strings.TrimSpace(string(out)) != "k4 k9" {
			t.Errorf("%s%s%v", m[2], out, err)
		}
	}
	if found != 9 {
		t.Errorf("%d snippets", found)
	}
	for _, c := range columns {
		if !strings.Contains(string(page), "| `"+c+"` |") {
			t.Errorf("the table lacks %s", c)
		}
	}
}
