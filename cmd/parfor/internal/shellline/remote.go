package shellline

import "strings"

// ssh joins the words behind the host and gives them to a shell there.
func (c *command) ssh() {
	s := scan(c.args, options{takes: "BbcDEeIiJLlmOpPQRSWwF", code: "o"})
	for _, i := range s.code {
		if c.no(c.word(i), "is an option for "+c.name+", which may run a command", "write the option out") {
			return
		}
	}
	if s.unclear >= 0 {
		c.no(c.args[s.unclear+1:], "may be what "+c.name+" runs", `quote the words before it`)
		if s.unclear+1 < len(c.args) || !quotedWord(c.args[s.unclear]) {
			c.no(c.args[1:], "stands behind a word that may be an option", "write the options out")
		}
		s.operand = s.unclear
	}
	for i := range s.values {
		if c.no(c.word(i), "is an option's argument for "+c.name, "write the option out") {
			return
		}
	}
	host := s.operand
	if host+1 <= len(c.args) {
		if c.no(c.args[host+1:], "is part of what "+c.name+" gives to a shell on the other side",
			`send it on standard input: printf '%s\n' {} | ssh HOST 'IFS= read -r x; cmd "$x"'`) {
			return
		}
	}
	c.forced[host] = true
	if !c.in.items {
		return
	}
	if host+1 >= len(c.args) {
		c.refuse(c.args[0], c.name+" without a command gives its standard input to a shell, and an item may come there", "name the command that reads it")
		return
	}
	for _, w := range c.args[host+1:] {
		text, ok := static(w)
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n;|&()'\"`", r) }) {
			if p := program(word); interpreters()[p] != nil || p == "eval" || p == "xargs" || p == "source" || p == "su" {
				ok = false
			}
		}
		if !ok {
			c.refuse(w, "an item may come on the standard input of a command that runs it on the other side", "name a command that takes it as data")
			return
		}
	}
}

// copies is scp and rsync: HOST:PATH is expanded by a shell on the other side,
// and some options run their argument.
func (c *command) copies() {
	s := scan(c.args, options{longCode: "--rsh --rsync-path --daemon --config"})
	for _, i := range s.code {
		if c.no(c.word(i), "is an option for "+c.name+" that runs a command", "write the option out") {
			return
		}
	}
	for i := 1; i < len(c.args); i++ {
		text, _ := start(c.args[i])
		letters := map[bool]string{true: "e", false: "oSF"}[c.name == "rsync"]
		if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") && strings.ContainsAny(text, letters) {
			checked := append(c.args[i:i+1:i+1], c.word(i+1)...)
			if c.no(checked, "is an option for "+c.name+" that runs a command", "write the option out") {
				return
			}
		}
		if strings.Contains(textOf(c.args[i]), ":") && c.no(c.word(i), "is a path on the other side, where a shell may expand it",
			"copy to or from a fixed path and name the item on this side only") {
			return
		}
		c.forced[i] = true
	}
}

// query is a database's client: -c and -e take statements, some of which run
// commands.
func (c *command) query() {
	const safe = `pass it as a variable: psql -v x={} -f script.sql, with :'x' there`
	for i := 1; i < len(c.args); i++ {
		text, _ := start(c.args[i])
		if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") && strings.ContainsAny(text, "ceq") || strings.HasPrefix(text, "--query") {
			if c.no(append(c.args[i:i+1:i+1], c.word(i+1)...), "is code for "+c.name, safe) {
				return
			}
		}
		c.forced[i] = true
	}
	if c.name == "duckdb" {
		c.no(c.args[min(2, len(c.args)):], "is code for duckdb", safe)
	}
	if c.in.items {
		c.refuse(c.args[0], c.name+" reads code from its standard input, and an item may come there", safe)
	}
}

// sqlite's statements can run commands (edit) and load code.
func (c *command) sqlite() {
	const safe = `bind it: write a script in a language that binds values to ?`
	s := scan(c.args, options{single: true, longCode: "-cmd -init -zip -vfs", long: "-separator -newline -nullvalue"})
	for _, i := range s.code {
		if c.no(c.word(i), "is code for sqlite3", safe) {
			return
		}
	}
	if s.operand < len(c.args) {
		c.no(c.args[s.operand+1:], "is code for sqlite3", safe)
		c.forced[s.operand] = true
	}
	if c.in.items {
		c.refuse(c.args[0], "sqlite3 reads code from its standard input, and an item may come there", safe)
	}
}
