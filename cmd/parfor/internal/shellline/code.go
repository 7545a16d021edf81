package shellline

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

const codeSafe = `give it as an argument: sh -c '… "$1" …' sh {}`

// interpreters take code in an option, or in a file, or on standard input.
var interpreters = sync.OnceValue(func() map[string]*options {
	all := map[string]*options{}
	for list, o := range map[string]options{
		"sh bash dash ash ksh mksh lksh pdksh oksh zsh yash posh rbash rksh hush": {takes: "oO", code: "c", long: "--rcfile --init-file", first: true},
		"fish":                           {takes: "dfoD", code: "cC", longCode: "--command --init-command"},
		"csh tcsh":                       {code: "c"},
		"perl":                           {takes: "I", attached: "iMmCDFlx0V", code: "eE"},
		"raku":                           {takes: "I", code: "eM"},
		"python pypy jython micropython": {takes: "WXQ", code: "cm", long: "--check-hash-based-pycs"},
		"ruby jruby truffleruby":         {takes: "ICE", attached: "FKTxWi0", code: "er", longCode: "--require"},
		"node nodejs iojs":               {takes: "C", code: "epr", longCode: "--eval --print --require --import --loader --experimental-loader"},
		"bun":                            {code: "epr", longCode: "--eval --print --preload --require --import"},
		"php":                            {takes: "cfgStz", code: "rBRFEd", longCode: "--run --process-code --process-file --process-begin --process-end --define"},
		"lua luajit texlua":              {code: "el"},
		"Rscript R":                      {takes: "f", code: "e", longCode: "--eval", mixed: true},
		"julia":                          {takes: "CJpt", code: "eEL", longCode: "--eval --print --load"},
		"guile":                          {takes: "Lx", code: "cels"},
		"tclsh wish expect":              {code: "c"},
		"groovy scala kotlin elixir":     {code: "er"},
		"racket sbcl clisp gosh":         {code: "efirltx", longCode: "--eval --load --require", mixed: true},
		"osascript":                      {takes: "ls", code: "e"},
		"octave":                         {longCode: "--eval", mixed: true},
		"gnuplot":                        {code: "ec", mixed: true},
		"ghc runghc":                     {code: "e"},
	} {
		for name := range words(list) {
			all[name] = &o
		}
	}
	return all
})

// interpreter judges the words from at on, of which the first names an
// interpreter: an item must not be code, and may be the code's argument. Some
// program may start it; then only what is code for sure is refused.
func (c *command) interpreter(at int, o *options, started bool) {
	args := c.args[at:]
	name, _ := static(args[0])
	name = program(name)
	safe := codeSafe
	if !o.first {
		safe = "give it as an argument and read it there (sys.argv, $ARGV[0], process.argv…)"
	}
	s := scan(args, *o)
	for _, i := range s.code {
		if i < len(args) && c.no(args[i:i+1], "is code for "+name, safe) {
			return
		}
	}
	if s.unclear >= 0 {
		if !started {
			c.no(args[s.unclear:], "stands behind a word that may be "+name+"'s -c", "write the options out, or the script's name with a / in it")
		}
		return
	}
	for i := range s.values {
		if i < len(args) && c.no(args[i:i+1], "is an option's argument for "+name, "write the option out") {
			return
		}
	}
	script := s.operand
	if c.in.items && readsCode(args, s) {
		c.refuse(args[0], name+" reads code from its standard input, and an item may come there", safe)
	}
	if (name == "perl" || name == "ruby") && s.hasCode && opensOperands(args, s) {
		c.no(args[min(script, len(args)):], "is a file's name that "+name+" opens, and a name such as 'x|' runs a command", "give the file on standard input: "+name+" … < {}")
		return
	}
	if text, next := startAt(args, script); o.first && !s.hasCode && text == "" && next == item && (script == 0 || !isDashes(args[script-1])) {
		// +c is -c to dash and bash.
		if c.no(args[script+1:], "stands behind an item that may be +c, which makes it code for "+name, "write ./{} or put -- before the script") {
			return
		}
	}
	if !s.hasCode && script < len(args) {
		if hasProcess(args[script]) {
			c.no(args[script:script+1], "is code for "+name, safe)
		}
		c.forced[at+script] = true
	}
	for i := script; s.hasCode && i < len(args) && !o.first; i++ {
		c.forced[at+i] = true // -e may come again
	}
}

// readsCode says whether an interpreter reads its code from standard input.
func readsCode(args []*syntax.Word, s scanned) bool {
	if s.hasCode {
		return false
	}
	if strings.Contains(s.flags, "s") || s.operand >= len(args) {
		return true
	}
	text, ok := static(args[s.operand])
	return ok && (text == "-" || strings.HasPrefix(text, "/dev/") || strings.HasPrefix(text, "/proc/"))
}

// opensOperands says whether code opens the files that its arguments name, which
// perl does so that a name ending in | is a command.
func opensOperands(args []*syntax.Word, s scanned) bool {
	if strings.ContainsAny(s.flags, "npi") {
		return true
	}
	for _, i := range s.code {
		if i < len(args) {
			text := textOf(args[i])
			if strings.Contains(text, "<>") || strings.Contains(text, "ARGV>") || strings.Contains(text, "ARGF") || strings.Contains(text, "open") {
				return true
			}
		}
	}
	return false
}

func hasProcess(w *syntax.Word) bool {
	for _, part := range w.Parts {
		if _, ok := part.(*syntax.ProcSubst); ok {
			return true
		}
	}
	return false
}
