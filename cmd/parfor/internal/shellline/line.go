// Package shellline turns a shell line with placeholders into a script that is
// the same for every item. No item ever becomes source of the shell that runs
// it: each placeholder is replaced by a quoted reference to a variable, which
// the caller sets in the shell's environment to the item's text.
//
//	line.go, compile.go   what a compiled line is, and the steps to one
//	mark.go, shape.go     marks for placeholders in the tree; proof that the script has the tree's shape
//	place.go, quote.go    the listed positions, and how a reference is written there
//	unlisted.go           why any other is refused
//	call.go, words.go,    simple commands: what each does with its words
//	scan.go
//	builtin.go, tests.go  the shell's own
//	wrap.go, code.go      programs that run programs, and those that run code
//	tools.go, options.go, others with code among their words
//	filters.go, remote.go
//	flow.go, sink.go      items that travel through the line's own variables
//	dash.go, check.go     items that begin with -, that are too long, that hold NUL
//	refuse.go             errors, with an excerpt
//	paste.go              the line as a person would write it
//
// docs/safety.md has the tables of positions.
package shellline

import "parfor.dev/parfor/cmd/parfor/internal/template"

// Options say how a line is read.
type Options struct {
	// Shell is the shell that runs the line: "sh" (the default) or "bash". A
	// line for sh must be safe under both grammars, because sh is bash on many
	// systems.
	Shell string
	// AllowDash lets items that begin with - stand alone as a word. Where such
	// an item would run code (an interpreter's script, ssh's host) it is refused
	// all the same.
	AllowDash bool
	// ItemsOnStdin says that the caller writes each item to the command's
	// standard input, so that a line without a placeholder makes sense.
	ItemsOnStdin bool
}

// Line is a compiled line. It is not changed after [Compile] and may be used by
// many goroutines at once.
type Line struct {
	Source string // the script, the same for all items: the argument of sh -c
	Vars   []Var  // what the caller sets in the environment, one for each different placeholder

	template template.Template
	shown    []string  // how each placeholder of the template is written
	quotes   []quoting // where each placeholder of the template stands
	varOf    []int     // its variable
	runs     []run
}

// Var is a variable of the script and what it stands for.
type Var struct {
	Name string // PF_0, PF_1…
	Ref  template.Ref
	// GuardDash is set where the item may be the beginning of a word that a
	// command could take for an option. [Line.Check] refuses it there.
	GuardDash bool
}

// Env are the settings NAME=VALUE to add to the environment of the shell, in
// the order of Vars.
func (l *Line) Env(values []string) []string {
	env := make([]string, len(l.Vars))
	for i, v := range l.Vars {
		env[i] = v.Name + "=" + values[i]
	}
	return env
}
