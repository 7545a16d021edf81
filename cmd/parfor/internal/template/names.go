package template

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// errText says that braces are text.
var errText = errors.New("no placeholder")

// matches compiles a pattern when it is first used: most runs never do, and all
// of them together cost a millisecond of the command's start.
func matches(pattern string) func(string) bool {
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
	return func(s string) bool { return compiled().MatchString(s) }
}

var (
	isNumber = matches(`^(0|[1-9][0-9]*)$`)
	isName   = matches(`^[\pL_][\pL\pN_-]*(\.[\pL\pN_-]+)*$`)
	inSource = matches(`^[1-9][0-9]*\.[\pL_][\pL\pN_-]*(\.[\pL\pN_-]+)*$`) // {2.name}
	gnusPart = matches(`^[1-9][0-9]*(\.|/|//|/\.)$`)                       // {2/.}
	isWord   = matches(`^\pL+$`)
)

// names knows what may stand in braces.
type names struct{ item.Schema }

func (n names) has(field string) bool { return slices.Contains(n.Fields, field) }

// reserved says whether the braces around it are not just text: whether it
// takes two pairs to write it.
func (n names) reserved(inner string) bool {
	_, err := n.ref(inner)
	return !errors.Is(err, errText)
}

// ref is the placeholder that {inner} is; errText if it is none, and another
// error if it looks as if it should be one.
func (n names) ref(inner string) (Ref, error) {
	if n.has(inner) && !n.isColumn(inner) {
		return Ref{Kind: Field, Name: inner}, nil // whatever it looks like
	}
	base, cast := inner, AsIs
	if i := strings.LastIndexByte(inner, ':'); i >= 0 {
		known := false
		cast, known = casts[inner[i+1:]]
		if base = inner[:i]; !known {
			return Ref{}, n.noCast(base, inner[i+1:])
		}
	}
	ref, err := n.plain(base)
	ref.Cast = cast
	return ref, err
}

func (n names) isColumn(text string) bool {
	i, err := strconv.Atoi(text)
	return err == nil && isNumber(text) && 1 <= i && i <= n.Columns
}

// plain is ref for what has no cast.
func (n names) plain(text string) (Ref, error) {
	kind, isFixed := fixed[text]
	fields := n.Open || len(n.Fields) > 0
	switch {
	case isFixed:
		return Ref{Kind: kind}, nil
	case n.has(text) && !n.isColumn(text):
		return Ref{Kind: Field, Name: text}, nil
	case isNumber(text) && n.Columns > 0:
		return n.column(text)
	case gnusPart(text) && n.Columns > 0:
		return Ref{}, fmt.Errorf("{%s}: paths are taken apart of the whole item only, {%s}; write {{%s}} for the text {%s}", text, strings.TrimLeft(text, "0123456789"), text, text)
	case fields && isName(text), fields && n.Columns > 0 && inSource(text):
		if n.Open {
			return Ref{Kind: Field, Name: text}, nil
		}
		return Ref{}, n.unknown(text)
	}
	return Ref{}, errText
}

func (n names) column(text string) (Ref, error) {
	i, err := strconv.Atoi(text)
	switch {
	case i == 0 && err == nil:
		return Ref{}, errors.New("{0}: columns are counted from 1; write {{0}} for the text {0}")
	case err != nil || i > n.Columns:
		return Ref{}, fmt.Errorf("{%s}: the items have %s; write {{%s}} for the text {%s}", text, columns(n.Columns), text, text)
	}
	return Ref{Kind: Column, N: i}, nil
}

func columns(n int) string {
	if n == 1 {
		return "1 column"
	}
	return fmt.Sprintf("%d columns", n)
}

// noCast is for {base:word} with a word that is no cast. It is an error if
// {base} is a field or column.
func (n names) noCast(base, word string) error {
	ref, err := n.plain(base)
	if err != nil || ref.Kind != Field && ref.Kind != Column || !isWord(word) {
		return errText
	}
	return fmt.Errorf("{%s:%s}: after the colon comes int, json or str; write {{%s:%s}} for the text {%s:%s}", base, word, base, word, base, word)
}

func (n names) unknown(name string) error {
	return fmt.Errorf("{%s}: the items have no field %s%s; write {{%s}} for the text {%s}", name, name, n.instead(name), name, name)
}

// instead is what the writer may have meant, or else could have.
func (n names) instead(name string) string {
	var in []string // fields of that name that more than one source has
	best, least := "", 3
	for _, field := range n.Fields {
		if strings.HasSuffix(field, "."+name) {
			in = append(in, "{"+field+"}")
		}
		if d := distance(strings.ToLower(field), strings.ToLower(name)); d < least && d < len(name) {
			best, least = field, d
		}
	}
	switch {
	case len(in) > 0:
		return " by itself: there are " + strings.Join(in, ", ")
	case best != "":
		return fmt.Sprintf(": did you mean {%s}?", best)
	case len(n.Fields) > 12:
		return fmt.Sprintf(" (they have %s and %d more)", strings.Join(n.Fields[:10], ", "), len(n.Fields)-10)
	}
	return fmt.Sprintf(" (they have %s)", strings.Join(n.Fields, ", "))
}

// distance is how many letters have to be put in, left out or changed to make
// one word of the other.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			changed := diagonal
			if r != s {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
