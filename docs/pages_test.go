package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCode compares the code of the pages with the files beside this one that
// compile and run it, line by line.
func TestCode(t *testing.T) {
	known := map[string]bool{}
	sources, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		for line := range strings.Lines(read(t, name)) {
			known[code(line)] = true
		}
	}
	for _, page := range []string{"tutorial.md", "combining.md", "groups.md", "../README.md"} {
		inCode := false
		for line := range strings.Lines(read(t, page)) {
			if strings.HasPrefix(line, "```") {
				inCode = strings.TrimSpace(line) == "```go"
			} else if inCode && !known[code(line)] {
				t.Errorf("%s: not in the tested code: %s", page, line)
			}
		}
	}
}

// code is a line without its indent and the spaces before a comment, which
// gofmt aligns as it likes.
func code(line string) string {
	line, comment, _ := strings.Cut(strings.TrimSpace(line), "//")
	return strings.TrimSpace(line) + "//" + comment
}

var (
	codeOf = regexp.MustCompile("(?s)```.*?```|`[^`]*`")
	link   = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

// TestLinks follows every relative link of the pages.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md") {
		for _, m := range link.FindAllStringSubmatch(codeOf.ReplaceAllString(read(t, page), ""), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
