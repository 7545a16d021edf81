// Package template finds the placeholders in what the user wrote and puts
// items in their places.
package template

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

// Cast forces the type that a value has in JSON.
type Cast int

const (
	AsIs   Cast = iota
	Int         // {qty:int}
	JSON        // {x:json}: the text is JSON
	String      // {x:str}
)

// Ref is one placeholder.
type Ref struct {
	Kind Kind
	N    int    // of Column, from 1
	Name string // of Field: its path, as written
	Cast Cast
}

// Part is text, or a placeholder.
type Part struct {
	Text string
	Ref  *Ref // nil: text
}

// Template is what the user wrote, taken apart.
type Template struct {
	Parts []Part
}
