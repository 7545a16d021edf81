package template

import (
	"strings"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// Template is what the user wrote, taken apart. It is never changed, so any
// number of goroutines may use it.
type Template struct {
	Parts []Part // no text is empty, no two texts are neighbours

	source string
}

// Env is what a placeholder may stand for that isn't in the item.
type Env struct {
	Seq  int // the item's number, from 1
	Slot int // the worker's number, from 1
}

// String is the text as it was written.
func (t Template) String() string { return t.source }

// Has says whether there is a placeholder in it.
func (t Template) Has() bool {
	for _, p := range t.Parts {
		if p.Ref != nil {
			return true
		}
	}
	return false
}

// Refs are the placeholders in order, each as often as it is there.
func (t Template) Refs() []Ref {
	var refs []Ref
	for _, p := range t.Parts {
		if p.Ref != nil {
			refs = append(refs, *p.Ref)
		}
	}
	return refs
}

// Alone is the placeholder that the template consists of, if it is one and
// nothing else: then its value can keep its type.
func (t Template) Alone() (ref Ref, ok bool) {
	if len(t.Parts) == 1 && t.Parts[0].Ref != nil {
		return *t.Parts[0].Ref, true
	}
	return Ref{}, false
}

// Text is the template with the item in place of the placeholders. It adds no
// quotes and escapes nothing. It fails as [Value] does.
func (t Template) Text(it *item.Item, env Env) (string, error) {
	if ref, ok := t.Alone(); ok {
		v, err := Value(ref, it, env)
		return v.Text, err
	}
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Ref == nil {
			b.WriteString(p.Text)
			continue
		}
		v, err := Value(*p.Ref, it, env)
		if err != nil {
			return "", err
		}
		b.WriteString(v.Text)
	}
	return b.String(), nil
}
