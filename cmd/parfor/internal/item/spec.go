package item

import (
	"fmt"
	"strings"
)

// Spec is a source as the command line asks for it.
type Spec struct {
	// Source is what -i says: a range 1..500 or 0..1..0.1, - for standard input,
	// a file, or one of these after NAME=.
	Source string

	// List are literals, the items themselves, if Literal is set.
	List    []string
	Literal bool

	// Linked has the source go along with the one before it, item by item,
	// instead of being gone through once for each of its items.
	Linked bool
}

// Specs are the sources of -i, in the order given.
func Specs(sources []string) []Spec {
	specs := make([]Spec, len(sources))
	for i, s := range sources {
		specs[i].Source = s
	}
	return specs
}

// Lists takes apart what a command line ends with, from the first ::: on: lists
// of literals after ::: and, linked to the list or source before, after :::+.
// With :::: and ::::+ the words are sources.
func Lists(args []string) ([]Spec, error) {
	var specs []Spec
	var files bool
	for _, arg := range args {
		switch arg {
		case ":::", ":::+":
			files = false
			specs = append(specs, Spec{Literal: true, Linked: arg == ":::+"})
		case "::::", "::::+":
			files = true
			specs = append(specs, Spec{Linked: arg == "::::+"})
		default:
			switch last := len(specs) - 1; {
			case last < 0:
				return nil, fmt.Errorf("%s: there is no ::: before it, which begins a list", arg)
			case !files:
				specs[last].List = append(specs[last].List, arg)
			case specs[last].Source == "":
				specs[last].Source = arg
			default:
				specs = append(specs, Spec{Source: arg, Linked: specs[last].Linked})
			}
		}
	}
	return specs, nil
}

// String is how an error calls the source.
func (s Spec) String() string {
	switch {
	case !s.Literal:
		return s.Source
	case len(s.List) == 0:
		return "the empty list"
	case len(s.List) > 1:
		return fmt.Sprintf("the list %q…", s.List[0])
	}
	return fmt.Sprintf("the list %q", s.List[0])
}

// name splits NAME=SOURCE. What is before the = names the source only if it can
// be the name of a field; ./a=b is a file.
func (s Spec) name() (name, source string) {
	name, source, ok := strings.Cut(s.Source, "=")
	if s.Literal || !ok || !isIdentifier(name) {
		return "", s.Source
	}
	return name, source
}

func isIdentifier(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
