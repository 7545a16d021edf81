package docs

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// A test's name in the last column of the page's table.
	heldBy = regexp.MustCompile("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9_]+)?)`")

	numberedRow = regexp.MustCompile(`^\| \d+ \| `)

	// Where tests get their names: functions, subtests, and the tables of
	// executortest and dicttest.
	named = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w+)\(|\bt\.Run\("(\w+)"|^\s*\{"(\w+)", `)
)

// TestInternals wants each row of the page about complaints to name tests that
// exist, and the rows to be all there.
func TestInternals(t *testing.T) {
	known := testNames(t)
	if len(known) < 500 {
		t.Fatalf("found %d names of tests", len(known))
	}
	rows := 0
	for line := range strings.Lines(read(t, "internals.md")) {
		cells := strings.Split(line, " | ")
		if !numberedRow.MatchString(line) || len(cells) != 4 {
			continue
		}
		rows++
		names := heldBy.FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 {
			t.Errorf("no test is named: %s", cells[1])
		}
		for _, m := range names {
			if !known[m[1]] {
				t.Errorf("there is no test %s: %s", m[1], cells[1])
			}
		}
	}
	if rows != 30 {
		t.Errorf("%d rows", rows)
	}
}

func testNames(t *testing.T) map[string]bool {
	known := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != "..":
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"), path == "internals_test.go":
			return nil
		case !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "executortest") && !strings.Contains(path, "dicttest"):
			return nil
		}
		for _, m := range named.FindAllStringSubmatch(read(t, path), -1) {
			for _, name := range m[1:] {
				known[name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return known
}
