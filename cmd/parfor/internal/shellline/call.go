package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// command is a simple command whose words are judged.
type command struct {
	*placer
	args    []*syntax.Word
	name    string
	in      surroundings
	wrapped bool // behind sudo, env, command…

	noDashes bool         // -- does not end its options
	free     map[int]bool // words that are never options
	forced   map[int]bool // words that may not begin with - even under --allow-dash
}

// call judges a simple command: what it does with each word is what decides
// whether an item may stand there. Words of a program that nothing is known of
// are data; the shell's own commands, programs that run programs and programs
// that take code are known by name.
func (p *placer) call(args []*syntax.Word, s surroundings) {
	c := &command{placer: p, args: args, in: s, free: map[int]bool{}, forced: map[int]bool{}}
	c.judge()
	c.guard()
}

func (c *command) judge() {
	args := c.args
	if found, ok := c.inCode(args[0]); ok {
		c.refuseItem(found, "is the command's name: an item named eval would run the next one",
			"write the name, or use the form without a shell: parfor run -- {} …")
		return
	}
	name, ok := static(args[0])
	if !ok {
		name, ok = fileName(args[0])
	}
	if !ok {
		if found, ok := c.anyCarrier(args[1:]); ok {
			c.refuseItem(found, "is given to a command whose name only running the line tells", `write the command's name, or quote what is before it: "$dir/name"`)
		}
		return
	}
	c.name = program(name)
	c.options()
	c.anywhere()
	switch {
	case c.builtin():
	case wrappers()[c.name] != nil:
		c.wrapper(wrappers()[c.name])
	case interpreters()[c.name] != nil:
		c.interpreter(0, interpreters()[c.name], false)
	case tool(c.name) != nil:
		tool(c.name)(c)
	}
}

// no refuses the first item among the words.
func (c *command) no(words []*syntax.Word, where, safe string) bool {
	for _, w := range words {
		if found, ok := c.inCode(w); ok {
			c.refuseItem(found, where, safe)
			return true
		}
	}
	return false
}

// inCode is what brings an item to a word of code. There a file that the item
// names counts too: eval "$(cat < {})".
func (c *command) inCode(w *syntax.Word) (carrier, bool) {
	if found, ok := c.carrier(w); ok {
		return found, true
	}
	return c.markOf(w)
}

// word is the word i, none if there are fewer.
func (c *command) word(i int) []*syntax.Word {
	if i < len(c.args) {
		return c.args[i : i+1]
	}
	return nil
}

// word0 is the word i, nil if there are fewer.
func (c *command) word0(i int) *syntax.Word {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// inner judges the command that the words from i on are.
func (c *command) inner(i, end int) {
	for k := i; k < end; k++ {
		c.free[k] = true // the inner command's guard is about these
	}
	in := &command{placer: c.placer, args: c.args[i:end], in: c.in, wrapped: true, free: map[int]bool{}, forced: map[int]bool{}}
	in.judge()
	in.guard()
}

// running are the long options that run their argument, in whatever program.
var running = wordSet(`--checkpoint-action --to-command --use-compress-program --info-script --new-volume-script
	--rsh-command --rmt-command --rsh --rsync-path --upload-pack --receive-pack --exec --exec-batch --command --eval --extcmd
	--pager --shell --sh-exec --exec-path --compress-program --use-askpass --call --execute --init-command --open-files-in-pager --config-env --split-string --preprocessor --pre`)

func (c *command) options() {
	if c.name == "echo" || c.name == "printf" {
		return
	}
	for i, w := range c.args {
		text, next := start(w)
		name, _, attached := strings.Cut(text, "=")
		if !running()[name] {
			continue
		}
		checked := c.args[i : i+1]
		if !attached && next == end {
			checked = append(checked[:1:1], c.word(i+1)...)
		}
		if c.no(checked, "is what "+name+" runs", "put the command into a script that takes the item as an argument") {
			return
		}
	}
}

// anywhere refuses code for an interpreter that some program starts: docker exec
// NAME sh -c '…'.
func (c *command) anywhere() {
	if shellsOwn()[c.name] || c.name == "grep" {
		return
	}
	for i := 1; i < len(c.args); i++ {
		name, ok := static(c.args[i])
		if !ok {
			continue
		}
		if o := interpreters()[program(name)]; o != nil {
			c.interpreter(i, o, true)
		}
		if name := program(name); (name == "ssh" || name == "su" || name == "eval") && c.name != "find" {
			c.no(c.args[min(i+2, len(c.args)):], "may be what "+name+" runs", "name the program first: "+name+" …")
		}
	}
}

// guard notes which items may begin a word that the command takes for an option.
func (c *command) guard() {
	if c.shut > 0 {
		return
	}
	dashes := false
	for i, w := range c.args {
		if i == 0 {
			continue
		}
		if c.free[i] {
			continue
		}
		if text, ok := static(w); ok && text == "--" && !c.noDashes {
			dashes = true
		}
		if dashes {
			continue
		}
		for _, marks := range c.leading(w) {
			c.runs = append(c.runs, run{marks, c.forced[i]})
		}
	}
}
