package report

import (
	"fmt"
	"strings"
)

// Checks says what was verified, or what was wrong.
func (t Text) Checks(r *Report) string {
	s := t.wrap(r.Checks.line(), 2)
	for i, p := range r.Checks.Problems {
		if i == 10 {
			s += fmt.Sprintf("  … and %d more, all in the JSON\n", len(r.Checks.Problems)-i)
			break
		}
		s += t.wrap("  "+p, 4)
	}
	return s
}

func (c Checks) line() string {
	if len(c.Problems) > 0 {
		return fmt.Sprintf("WRONG: %s in %s; don't use these numbers:", plural(len(c.Problems), "problem"), plural(c.Answers, "answer"))
	}
	if c.Answers == 0 && c.Dictionaries == 0 {
		return "checked: nothing"
	}
	s := "checked: " + plural(c.Answers, "answer")
	if c.Dictionaries > 0 {
		s += ", every dictionary right"
		if statuses := c.statuses(); statuses != "" {
			s += fmt.Sprintf(" (%d keys: %s)", c.Keys, statuses)
		}
	}
	if c.LogChecked {
		s += ", each number once in the API's log"
	}
	return s
}

func (c Checks) statuses() string {
	parts := make([]string, len(c.Statuses))
	for i, s := range c.Statuses {
		parts[i] = fmt.Sprintf("%dx %d", s.Count, s.Status)
	}
	return strings.Join(parts, ", ")
}

// Advice is the sentences, marked so that an eye that scrolls finds them.
func (t Text) Advice(sentences []string) string {
	s := ""
	for i, a := range sentences {
		if i == 0 {
			s += t.wrap("=> "+a, 3)
		} else {
			s += t.wrap("   "+a, 3)
		}
	}
	return s
}

// Footer says where the rest is and what to try next.
func (t Text) Footer(r *Report) string {
	var parts []string
	for _, f := range r.Files {
		if strings.HasSuffix(f, ".html") {
			f += " (open it: chart, who ran what when, every run)"
		}
		parts = append(parts, f)
	}
	if r.Elapsed > 0 {
		parts = append(parts, shortElapsed(float64(r.Elapsed)))
	}
	if r.Interrupted {
		parts = append(parts, "interrupted: the rest was not measured")
	}
	s := ""
	if len(parts) > 0 {
		s = t.wrap(strings.Join(parts, " · "), 2)
	}
	if r.Next != "" {
		s += t.wrap("next: "+r.Next, 6)
	}
	return s
}

// shortElapsed is whole seconds: nobody compares these.
func shortElapsed(s float64) string {
	if s < 9.5 || s >= 999.5 {
		return duration(s)
	}
	return fmt.Sprintf("%.0f s", s)
}
