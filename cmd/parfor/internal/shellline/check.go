package shellline

import (
	"fmt"
	"strings"
)

// longest is how much of an environment Linux gives one setting, its name and
// the byte at its end included (MAX_ARG_STRLEN). Other systems allow more, but
// a line should not fail on one machine for an item that another takes.
const longest = 128 << 10

// Check says why an item can't be run: values, in the order of Vars, hold a NUL
// byte, are too long, or begin a word with -. The error does not name the item.
func (l *Line) Check(values []string) error {
	if len(values) != len(l.Vars) {
		return fmt.Errorf("%d values for %d placeholders", len(values), len(l.Vars))
	}
	for i, v := range values {
		if at := strings.IndexByte(v, 0); at >= 0 {
			return fmt.Errorf("%s holds a NUL byte (byte %d), which no command line can: give items with --stdin", spell(l.Vars[i].Ref), at+1)
		}
		if size := len(l.Vars[i].Name) + 1 + len(v) + 1; size > longest {
			return fmt.Errorf("%s is %d bytes long; a command line takes %d: give long items with --stdin",
				spell(l.Vars[i].Ref), len(v), longest-len(l.Vars[i].Name)-2)
		}
	}
	for _, r := range l.runs {
		for _, v := range r.marks {
			if values[v] == "" {
				continue
			}
			if values[v][0] == '-' {
				return l.dashed(v, r.forced)
			}
			break
		}
	}
	return nil
}

func (l *Line) dashed(v int, forced bool) error {
	shown := spell(l.Vars[v].Ref)
	what := "item begins with -"
	if shown != "{}" {
		what = shown + " begins with -"
	}
	if forced {
		return fmt.Errorf("%s, and the command would take it for an option that runs code: write ./%s or put -- before it", what, shown)
	}
	return fmt.Errorf("%s: write ./%s or put -- before it, or --allow-dash", what, shown)
}
