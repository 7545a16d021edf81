package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// git runs what -c, aliases and some subcommands are given.
func (c *command) git() {
	for i := 1; i < len(c.args); i++ {
		text, _ := start(c.args[i])
		switch {
		case strings.HasPrefix(text, "-c") && (before(c.args[:i]) || c.has("clone")), strings.HasPrefix(text, "--config") && c.has("clone"), text == "-u", text == "-x", strings.HasPrefix(text, "-O"):
			if c.no(append(c.args[i:i+1:i+1], c.word(i+1)...), "is a setting or an option for git that may run a command", "write the setting out") {
				return
			}
		case text == "config" || text == "bisect" || text == "filter-branch" || text == "submodule" || text == "difftool" || text == "mergetool" || text == "daemon":
			if before(c.args[:i]) && c.no(c.args[i:], "is for git "+text+", which runs commands", "put it into a script") {
				return
			}
		}
		c.forced[i] = true
	}
}

// has says whether a word is among the words.
func (c *command) has(word string) bool {
	for _, w := range c.args {
		if text, _ := static(w); text == word {
			return true
		}
	}
	return false
}

// before says whether all words so far are git and its options, so that the next
// may be the subcommand.
func before(args []*syntax.Word) bool {
	for i, w := range args[1:] {
		text, next := start(w)
		if text == "" && next != end {
			return true
		}
		previous, _ := start(args[i])
		if text != "" && text[0] != '-' && previous != "-C" && previous != "-c" {
			return false
		}
	}
	return true
}

func (c *command) tar() {
	for i := 1; i < len(c.args); i++ {
		text, next := start(c.args[i])
		if i == 1 && !strings.HasPrefix(text, "-") && strings.ContainsAny(text, "IF") { // tar xIf
			c.no(c.args[1:], "stands behind an option of tar that may run a command", "write the options with a dash")
			return
		}
		if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") && strings.ContainsAny(text, "IF") || i == 1 && next != end {
			if c.no(append(c.args[i:i+1:i+1], c.word(i+1)...), "is an option for tar that may run a command", "write the option out") {
				return
			}
		}
		c.forced[i] = true
	}
}
