// Package template finds the placeholders in what the user wrote and puts
// items in their places.
//
// ref.go has what a placeholder is, template.go a text with some, parse.go finds
// them, names.go decides which names are fields, value.go and cast.go say what
// one comes to, pathparts.go takes paths apart.
package template

import "strconv"

// Kind is what a placeholder stands for.
type Kind int

const (
	Whole     Kind = iota // {} the item
	Column                // {2} a column, or the second source's part
	Field                 // {name} or {a.b}
	NoExt                 // {.} the item without its extension
	Base                  // {/} its last path element
	Dir                   // {//} the path before that
	BaseNoExt             // {/.} the last element without its extension
	Seq                   // {#} its number, from 1
	Slot                  // {%} the worker's number, from 1
)

// written is what is between the braces of those that are always the same.
var written = map[Kind]string{Whole: "", NoExt: ".", Base: "/", Dir: "//", BaseNoExt: "/.", Seq: "#", Slot: "%"}

// fixed is written the other way round.
var fixed = func() map[string]Kind {
	kinds := make(map[string]Kind, len(written))
	for kind, text := range written {
		kinds[text] = kind
	}
	return kinds
}()

// Cast forces the type that a value has in JSON.
type Cast int

const (
	AsIs   Cast = iota
	Int         // {qty:int}
	JSON        // {x:json}: the text is JSON
	String      // {x:str}
)

var casts = map[string]Cast{"int": Int, "json": JSON, "str": String}

// Ref is one placeholder.
type Ref struct {
	Kind Kind
	N    int    // of Column, from 1
	Name string // of Field: its path, as written
	Cast Cast
}

// String is the placeholder as it is written in braces.
func (r Ref) String() string {
	text := written[r.Kind]
	switch r.Kind {
	case Column:
		text = strconv.Itoa(r.N)
	case Field:
		text = r.Name
	}
	for name, cast := range casts {
		if cast == r.Cast {
			text += ":" + name
		}
	}
	return "{" + text + "}"
}

// name is how an error calls the placeholder.
func (r Ref) name() string {
	if r.Kind == Field {
		return r.Name
	}
	r.Cast = AsIs
	return r.String()
}

// Part is text, or a placeholder.
type Part struct {
	Text string
	Ref  *Ref // nil: text
}
