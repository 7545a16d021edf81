package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// run is a run of placeholders that may be the beginning of a word: the first of
// them that is not empty begins it. A command may take that word for an option.
type run struct {
	marks  []int
	forced bool // refused even under --allow-dash: the option could run code
}

// leading are the runs that may begin the word w. Text before a placeholder ends
// a run, but for text of dashes alone. An expansion may be empty and does not.
func (p *placer) leading(w *syntax.Word) [][]int {
	var marks []int
	for _, piece := range pieces(w) {
		if piece.mark >= 0 {
			marks = append(marks, piece.mark)
		} else if !piece.unseen && strings.Trim(piece.text, "-") != "" {
			break
		}
	}
	if !braces(w) {
		if len(marks) == 0 {
			return nil
		}
		return [][]int{marks}
	}
	// {a,{}} is two words to bash, and any of the placeholders may begin one.
	var each [][]int
	for _, piece := range pieces(w) {
		if piece.mark >= 0 {
			each = append(each, []int{piece.mark})
		}
	}
	return each
}

// braces says whether the word holds an unquoted {, which bash may expand.
func braces(w *syntax.Word) bool {
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok && strings.Contains(lit.Value, "{") {
			return true
		}
	}
	return false
}

func (l *Line) guard(runs []run, allow bool) {
	for _, r := range runs {
		if allow && !r.forced {
			continue
		}
		vars := make([]int, len(r.marks))
		for i, k := range r.marks {
			vars[i] = l.varOf[k]
			l.Vars[vars[i]].GuardDash = true
		}
		l.runs = append(l.runs, run{vars, r.forced})
	}
}
