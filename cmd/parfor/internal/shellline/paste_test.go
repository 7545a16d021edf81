package shellline

import (
	"strings"
	"testing"
	"unicode"
)

func TestPasteable(t *testing.T) {
	for _, c := range []struct{ line, item, want string }{
		{`echo {}`, "a", `echo a`},
		{`echo {}`, "it's", `echo "it's"`},
		{`echo {}`, "a b", `echo 'a b'`},
		{`echo {}`, "", `echo ''`},
		{`echo $x{}`, "a", `echo $x'a'`},
		{`echo "a {} b"`, "$(id)", `echo "a "'$(id)'" b"`},
		{`echo 'a {} b'`, "$(id)", `echo 'a ''$(id)'' b'`},
		{`echo {}`, "\x1b[31m", `echo $'\x1b[31m'`},
		{"cat <<E\n{}\nE", "$(id)", "PF_0='$(id)'\ncat <<E\n${PF_0}\nE"},
	} {
		l, err := Compile(split(c.line), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Pasteable([]string{c.item}); got != c.want {
			t.Errorf("%s with %q: got %s, want %s", c.line, c.item, got, c.want)
		}
	}
}

// TestPasteableRuns runs what would be pasted.
func TestPasteableRuns(t *testing.T) {
	r := runner{as: "bash", shell: "bash"}
	a := attack{t, "bash", mustFind(t, "bash"), nil, t.TempDir()}
	arrived := 0
	for i, item := range hostile() {
		if strings.Contains(item, "\x00") || len(item) > 200 || i%5 != 0 {
			continue
		}
		a.targets = a.targets[:0]
		for _, c := range r.targets(t) {
			if c.loose {
				continue
			}
			pasted := *c.line
			pasted.Source = c.line.Pasteable(valuesFor(c.line, item))
			for _, b := range pasted.Source {
				if b < ' ' && b != '\n' && b != '\t' || b == 0x7f || b == unicode.ReplacementChar {
					t.Errorf("%s: item %q: %q would reach the terminal", c.name, item, b)
				}
			}
			c.line = &pasted
			a.targets = append(a.targets, c)
		}
		var counts tally
		a.judge(a.start(batch(a.targets), "", " "), item, " ", &counts)
		arrived += counts.arrived
	}
	if arrived < 1000 {
		t.Errorf("%d arrived", arrived)
	}
}
