package shellline

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var cell = regexp.MustCompile("``(.+?) ``|`([^`]+)`")

// TestPage compiles the examples of the page: each accepted, or refused beside a
// safe form that is accepted.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/safety.md")
	if err != nil {
		t.Fatal(err)
	}
	section, examples := "", 0
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "## ") {
			section = strings.TrimSpace(line[3:])
		}
		if !strings.HasPrefix(line, "| ") || section != "Accepted" && section != "Refused" {
			continue
		}
		columns := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		for i, column := range columns[2:] {
			m := cell.FindStringSubmatch(column)
			if m == nil {
				continue
			}
			code := strings.NewReplacer("\x00", "|", "⏎", "\n").Replace(m[1] + m[2])
			examples++
			o := Options{}
			if strings.Contains(columns[1], "(bash)") {
				o.Shell = "bash"
			}
			_, err := Compile(split(code), o)
			if wanted := section == "Accepted" || i == 1; wanted != (err == nil) {
				t.Errorf("%s: %s: %v", section, code, err)
			}
		}
	}
	if examples < 60 {
		t.Errorf("%d examples", examples)
	}
}
