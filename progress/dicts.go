package progress

import (
	"fmt"
	"strings"

	"parfor.dev/parfor/observe"
)

const (
	maxDicts = 3 // in a receipt
	maxKeys  = 2 // of a dictionary
)

// dicts are the lines of a receipt about dictionaries.
func dicts(ds []observe.Dict) string {
	var b strings.Builder
	for i, d := range ds {
		if i == maxDicts {
			word := "dictionaries"
			if len(ds) == maxDicts+1 {
				word = "dictionary"
			}
			fmt.Fprintf(&b, "  %d more %s\n", len(ds)-i, word)
			break
		}
		b.WriteString("  " + dictLine(d) + "\n")
	}
	return b.String()
}

func dictLine(d observe.Dict) string {
	ps := []string{plural(int(d.Commits), "commit")}
	add := func(n int64, word string) {
		if n > 0 {
			ps = append(ps, plural(int(n), word))
		}
	}
	add(d.Sets, "set")
	add(d.Deletes, "delete")
	add(d.Adds, "add")
	add(d.Others, "other write")
	if d.Conflicts > 0 {
		ps = append(ps, plural(int(d.Conflicts), "conflict")+hotKeys(d.Hot))
	}
	if d.Received > 0 {
		ps = append(ps, bytesText(d.Received)+" from workers")
	}
	add(d.Asked, "question")
	return clean(shortName(d.Name)) + ": " + strings.Join(ps, " · ")
}

// hotKeys names the keys of most conflicts, or says how many there are where
// the dictionary doesn't show its keys.
func hotKeys(hs []observe.HotKey) string {
	var names []string
	n := 0
	for _, h := range hs {
		if h.Conflicts == 0 {
			continue
		}
		if n++; h.Key != "" && len(names) < maxKeys {
			names = append(names, fmt.Sprintf("%s ×%d", cut(clean(h.Key), 30), h.Conflicts))
		}
	}
	switch {
	case n == 0:
		return ""
	case len(names) > 0 && n > len(names):
		return " (" + strings.Join(names, ", ") + " …)"
	case len(names) > 0:
		return " (" + strings.Join(names, ", ") + ")"
	}
	return " (" + plural(n, "hot key") + ")"
}

// shortName is a full name without the directories of its package.
func shortName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func bytesText(n int64) string {
	switch {
	case n >= 10<<20:
		return count(n>>20) + " MiB"
	case n >= 10<<10:
		return count(n>>10) + " KiB"
	}
	return plural(int(n), "byte")
}
