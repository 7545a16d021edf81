package item

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// several are the parts of an item of several sources, or of one with a name.
// A part is called by its source's name, by {N}, and what is inside of it by
// name.field or N.field, or just field if no other part has it.
type several struct {
	names []string // "": it has none
	parts []Item
}

func (s *several) field(path string) (Value, bool) {
	if i := slices.Index(s.names, path); i >= 0 {
		return s.parts[i].Whole, true
	}
	if head, rest, ok := strings.Cut(path, "."); ok {
		if i := s.source(head); i >= 0 {
			if v, ok := s.parts[i].Field(rest); ok {
				return v, true
			}
		}
	}
	var found Value
	n := 0
	for i := range s.parts {
		if v, ok := s.parts[i].Field(path); ok {
			found = v
			n++
		}
	}
	return found, n == 1
}

// source is the place of the source that is called so, or -1.
func (s *several) source(name string) int {
	if i := slices.Index(s.names, name); i >= 0 {
		return i
	}
	n, err := strconv.Atoi(name)
	if err != nil || n < 1 || n > len(s.parts) || name != strconv.Itoa(n) {
		return -1
	}
	return n - 1
}

func (s *several) key() (string, bool) {
	keys := make([]string, len(s.parts))
	for i := range s.parts {
		key, ok := s.parts[i].Key()
		if !ok {
			return "", false
		}
		keys[i] = key
	}
	return joinKeys(keys), true
}

// combine makes one item of a part of each source.
func combine(names []string, parts []Item) Item {
	if len(parts) == 1 {
		it := parts[0]
		if names[0] != "" {
			it.inside = &several{names, parts}
		}
		return it
	}
	it := Item{Columns: make([]Value, len(parts)), inside: &several{names, parts}}
	n := len(parts)
	for i := range parts {
		n += len(parts[i].Whole.Text)
	}
	var whole strings.Builder
	whole.Grow(n)
	for i := range parts {
		if i > 0 {
			whole.WriteByte(' ')
		}
		whole.WriteString(parts[i].Whole.Text)
		it.Columns[i] = parts[i].Whole
	}
	it.Whole.Text = whole.String()
	return it
}

// combined is what is known of such items. A field that two sources have isn't
// one by its bare name.
func combined(names []string, of []Schema) Schema {
	if len(of) == 1 && names[0] == "" {
		return of[0]
	}
	s := Schema{Columns: len(of)}
	if len(of) == 1 {
		s.Columns = of[0].Columns
	}
	sources := map[string]int{} // how many have a field
	for i := range of {
		if names[i] != "" {
			s.Fields = append(s.Fields, names[i])
			sources[names[i]] = 2 // the source itself is meant
		}
		for _, field := range of[i].Fields {
			sources[field]++
		}
		s.Open = s.Open || of[i].Open
		s.Keyless = s.Keyless || of[i].Keyless
	}
	for i := range of {
		for _, field := range of[i].Fields {
			if sources[field] == 1 {
				s.Fields = append(s.Fields, field)
			}
		}
	}
	for i := range of {
		for _, field := range of[i].Fields {
			if names[i] != "" {
				s.Fields = append(s.Fields, names[i]+"."+field)
			}
			if len(of) > 1 {
				s.Fields = append(s.Fields, strconv.Itoa(i+1)+"."+field)
			}
		}
	}
	return s
}

// namedTwice finds a name that two sources were given.
func namedTwice(names []string) error {
	for i, name := range names {
		if name != "" && slices.Index(names, name) < i {
			return fmt.Errorf("two sources are called %s", name)
		}
	}
	return nil
}
