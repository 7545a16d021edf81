package shellline

import (
	"strings"
	"sync"
)

// shellsOwn are the shell's own commands whose words are data.
var shellsOwn = wordSet("echo printf test [ cd pushd popd exit return : true false set shift pwd kill wait type sleep")

// refusedBuiltins are the shell's own commands that run their words, or evaluate
// a name among them, and what to write.
var refusedBuiltins = sync.OnceValue(func() map[string][2]string {
	return map[string][2]string{
		"eval":      {"is code for eval", "write the command itself"},
		".":         {"names code for the shell itself", `run it apart: sh "./$name"`},
		"source":    {"names code for the shell itself", `run it apart: bash "./$name"`},
		"trap":      {"is code for trap", "put it into a variable: f={}; trap 'rm -- \"$f\"' EXIT"},
		"alias":     {"is code for alias", "write a function that uses \"$1\""},
		"let":       {evaluates, countSafe},
		"unset":     {"is a name for unset: a subscript in it runs commands", "unset a name that you know"},
		"read":      {"is among the names that read sets: a subscript in one runs commands", "read a name that you know: read -r x <<EOF"},
		"readarray": {"is among the words of readarray, which sets names and runs -C", "mapfile -t lines < file"},
		"mapfile":   {"is among the words of mapfile, which sets names and runs -C", "mapfile -t lines < file"},
		"getopts":   {"is among the words of getopts, which sets a name", "set -- {} first"},
		"enable":    {"is for enable, which loads code", ""},
		"bind":      {"is for bind, which runs commands", ""},
		"complete":  {"is for complete, which runs commands", ""},
		"compgen":   {"is for compgen, which expands its words again", ""},
		"compopt":   {"is for compopt", ""},
		"fc":        {"is for fc, which runs commands", ""},
		"history":   {"is for history", ""},
		"hash":      {"is for hash, which changes what names run", ""},
		"unalias":   {"is for unalias", ""},
		"jobs":      {"is for jobs, whose -x runs its words", ""},
		"caller":    {"is for caller", ""},
		"ulimit":    {"is for ulimit, which some shells evaluate", ""},
		"fg":        {"is for fg", ""},
		"bg":        {"is for bg", ""},
		"disown":    {"is for disown", ""},
		"shopt":     {"is for shopt, which changes how the line is read", "write the option out"},
		"break":     {"is a count for break, which some shells evaluate", ""},
		"continue":  {"is a count for continue, which some shells evaluate", ""},
		"[[":        {"is in [[ ]], which sh does not have", "--shell bash, or write [ … ]"},
	}
})

var declarations = wordSet("declare typeset local export readonly nameref integer")

// builtin judges the shell's own commands and says whether this is one.
func (c *command) builtin() bool {
	rest := c.args[1:]
	if r, ok := refusedBuiltins()[c.name]; ok {
		if c.name == "alias" && len(c.refs) > 0 {
			c.refuse(c.args[0], c.name+" changes how the line is read", "leave it out of a line with a placeholder")
		}
		c.no(rest, r[0], r[1])
		if c.in.items && (c.name == "." || c.name == "source" || c.name == "eval") && !allStatic(rest) {
			c.refuse(c.args[0], c.name+" may read an item from its standard input", "write the command itself")
		}
		if c.in.items && (c.name == "." || c.name == "source") {
			c.refuse(c.args[0], c.name+" may read an item from its standard input", "write the command itself")
		}
		return true
	}
	switch {
	case declarations()[c.name]:
		c.declares()
	case c.name == "printf":
		c.printf()
	case c.name == "test" || c.name == "[":
		c.bracket(c.args)
		for i := range c.args {
			c.free[i] = true // the listed shapes have no options
		}
	case c.name == "echo":
		c.echo()
	case c.name == "set":
		for i, w := range rest {
			if isDashes(w) {
				return true
			}
			if c.no(rest[i:i+1], "is for set, which may take it for an option", "write set -- {}") {
				return true
			}
		}
	default:
		return shellsOwn()[c.name]
	}
	return true
}

// declares is export x={} and its like where the grammar has no clause for them,
// or behind another command.
func (c *command) declares() {
	for _, w := range c.args[1:] {
		found, ok := c.carrier(w)
		if _, written := c.markOf(w); ok && (written || c.wrapped) {
			c.refuseItem(found, "is an argument of "+c.name, "assign first: x={}; "+c.name+" x")
		}
		text, ok := static(w)
		if c.name != "export" && c.wrapped && (!ok || strings.HasPrefix(text, "-")) && len(c.refs) > 0 {
			c.refuse(w, c.name+" with options may make an assignment run code hidden in the value", "leave the attribute out in a line with a placeholder")
		}
	}
}

// printf has a format first, and -v before it evaluates a name.
func (c *command) printf() {
	format, ended := 1, false
	for ; format < len(c.args); format++ {
		text, next := start(c.args[format])
		if strings.HasPrefix(text, "-v") {
			c.no(c.args[1:], "is among the words of printf -v, which evaluates a name", `assign instead: x={}`)
			return
		}
		if text != "--" || next != end {
			break
		}
		ended = true
	}
	if c.no(c.word(format), "is printf's format", `write printf '%s\n' {}`) {
		return
	}
	if text, _ := static(c.word0(format)); strings.Contains(strings.ReplaceAll(text, "%%", ""), "%n") {
		c.no(c.args[format:], "is a name that printf's %n sets", "leave %n out")
		return
	}
	for i := format; i < len(c.args); i++ {
		c.free[i] = true // there are no options behind the format
	}
	if format < len(c.args) && !ended {
		if _, ok := static(c.args[format]); !ok && !textBegins(c.args[format]) {
			c.no(c.args[format+1:], "stands behind a word that may be printf's -v", "write the format, or put -- before it")
		}
	}
}

// echo knows no --: its options end at the first word that is none.
func (c *command) echo() {
	c.noDashes = true
	for i := 1; i < len(c.args); i++ {
		if text, next := start(c.args[i]); text != "" && (text[0] != '-' || next == end && strings.Trim(text[1:], "neE") != "") || text == "-" && next == end {
			for ; i < len(c.args); i++ {
				c.free[i] = true
			}
		}
	}
}
