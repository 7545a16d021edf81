package show

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// kind is failures with one text, but for what differs from item to item.
type kind struct {
	text  string
	count int
	keys  []string // the first
	first int      // which came when
}

const (
	maxKinds = 10_000 // beyond that all are one kind
	keysEach = 5
)

// failures sorts failures into kinds.
type failures struct {
	kinds map[string]*kind
}

func (f *failures) add(r *record.Record) {
	text := string(r.Status) + ": " + normal(reason(r))
	k := f.kinds[text]
	if k == nil {
		if len(f.kinds) >= maxKinds {
			text = "others"
		}
		if k = f.kinds[text]; k == nil {
			k = &kind{text: text, first: len(f.kinds)}
			f.kinds[text] = k
		}
	}
	k.count++
	if len(k.keys) < keysEach {
		k.keys = append(k.keys, r.Key)
	}
}

// sorted lists the kinds, the commonest first.
func (f *failures) sorted() []*kind {
	var all []*kind
	for _, k := range f.kinds {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b *kind) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.first, b.first)) })
	return all
}

// reason is why a record is not ok: its error, with the last line of stderr,
// which is where programs say it.
func reason(r *record.Record) string {
	text := r.Error
	if text == "" && r.Code != 0 {
		text = fmt.Sprint("code ", r.Code)
	}
	last := strings.TrimSpace(r.Stderr)
	if i := strings.LastIndexByte(last, '\n'); i >= 0 {
		last = strings.TrimSpace(last[i+1:])
	}
	switch {
	case last == "" || strings.Contains(text, last):
	case text == "":
		text = last
	default:
		text += ": " + last
	}
	if text == "" {
		return "no reason given"
	}
	return text
}

// What differs from item to item, in this order; and what is kept of it: short
// numbers behind a word that says they are codes. Both are made when they are
// needed: other commands need not pay for them at their start.
var (
	varying = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b(?:exit|code|status|http(?:/[\d.]+)?|signal)[ :=]*\d{1,3}\b` +
			"|\"[^\"]*\"|\\B'[^']*'|`[^`]*`|“[^”]*”" +
			`|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b` +
			`|\b0x[0-9a-f]+\b|\b[0-9a-f]*\d[0-9a-f]*\b|\d+(?:\.\d+)?`)
	})
	kept = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^(?:exit|code|status|http|signal)[ :=/]`)
	})
)

// normal is a text without what differs from item to item, at most 200 bytes on
// one line: quoted texts are "…", numbers N, hexadecimal ones H.
func normal(text string) string {
	if len(text) > 4096 {
		text = strings.ToValidUTF8(text[:4096], "")
	}
	text = strings.Join(strings.Fields(text), " ")
	text = varying().ReplaceAllStringFunc(text, func(s string) string {
		switch {
		case kept().MatchString(s):
			return s
		case strings.ContainsAny(s[:1], "\"'`") || strings.HasPrefix(s, "“"):
			return `"…"`
		case strings.Trim(s, "0123456789.") == "":
			return "N"
		}
		return "H"
	})
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}
