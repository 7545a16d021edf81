package shellline

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// tools are programs with a word that is code among words that are data.
var tools map[string]func(*command)

// known are the names by which [program] takes off a version.
var known = map[string]bool{}

func init() {
	tools = map[string]func(*command){
		"find": (*command).find, "fd": (*command).find, "fdfind": (*command).find,
		"ssh": (*command).ssh, "rsh": (*command).ssh, "slogin": (*command).ssh, "autossh": (*command).ssh,
		"scp": (*command).copies, "rsync": (*command).copies, "sftp": (*command).copies,
		"git": (*command).git, "tar": (*command).tar, "bsdtar": (*command).tar,
		"sqlite3": (*command).sqlite, "expr": (*command).expr,
	}
	for list, o := range map[string]options{
		"awk gawk mawk nawk original-awk goawk": {takes: "F", code: "vfeiEl", longCode: "--assign --file --source --include --exec --load"},
		"sed gsed ssed":                         {takes: "l", attached: "i", mixed: true, code: "ef", longCode: "--expression --file"},
		"jq gojq jaq":                           {mixed: true, code: "fL", longCode: "--from-file"},
	} {
		for name := range words(list) {
			tools[name] = func(c *command) { c.programText(o) }
		}
	}
	for list, safe := range map[string]string{
		"xargs": `loop: while IFS= read -r x; do cmd "$x" {}; done`,
		"parallel rush parfor entr watch hyperfine script at batch crontab systemd-run": "put the command into a script that takes the item as an argument",
		"su runuser":       "sudo -u NAME -- cmd {}",
		"yq dasel":         "give it in the environment: x={} yq '… strenv(x) …'",
		"socat":            "write the addresses out",
		"make gmake bmake": "a word with = is code to make: cd {} && make, or the form without a shell",
		"vi vim nvim view ex ed emacs less more most man gdb lldb m4 bc dc tmux screen xterm kitty deno pwsh powershell mosh": "pass the item to a script as an argument",
	} {
		for name := range words(list) {
			tools[name] = func(c *command) { c.refused(safe) }
		}
	}
	for list, o := range map[string]options{
		"npx npm pnpm":   {code: "c", mixed: true},
		"nc ncat netcat": {code: "ec", mixed: true},
		"split":          {longCode: "--filter", mixed: true},
		"zip":            {code: "T", mixed: true},
		"curl":           {code: "K", longCode: "--config", mixed: true},
	} {
		for name := range words(list) {
			tools[name] = func(c *command) { c.runsOption(o) }
		}
	}
	for _, name := range strings.Fields("psql mysql mariadb duckdb clickhouse-client clickhouse sqlcmd") {
		tools[name] = (*command).query
	}
	for name := range tools {
		known[name] = true
	}
	for name := range interpreters {
		known[name] = true
	}
}

// refused takes no item at all.
func (c *command) refused(safe string) {
	c.no(c.args[1:], "is for "+c.name+", which runs commands that its words name", safe)
	if !c.in.items {
		return
	}
	switch c.name {
	case "xargs", "parallel", "rush", "parfor":
		for _, w := range c.args[1:] {
			name, ok := static(w)
			if p := program(name); !ok || interpreters[p] != nil || tools[p] != nil || refusedBuiltins[p][0] != "" {
				c.refuse(w, c.name+" gives an item from its standard input to a command that may run it", safe)
				return
			}
		}
		if c.name != "xargs" {
			c.refuse(c.args[0], c.name+" makes commands of an item from its standard input", safe)
		}
	case "su", "runuser", "at", "batch", "crontab", "dc", "bc", "ed", "ex", "m4", "gdb", "make", "gmake", "bmake", "vi", "vim":
		c.refuse(c.args[0], c.name+" reads code from its standard input, and an item may come there", safe)
	}
}

// programText is awk, sed and jq: a program first, unless an option has it, then
// the names of files.
func (c *command) programText(o options) {
	variables := map[int]bool{}
	args := c.args
	if strings.HasSuffix(c.name, "q") || c.name == "jaq" {
		args, variables = c.jqVariables()
	}
	safe := map[bool]string{
		true:  "give it as a variable: " + c.name + ` --arg x {} '… $x …'`,
		false: `give it in the environment: x={} ` + c.name + ` '… ENVIRON["x"] …'`,
	}[strings.HasSuffix(c.name, "q")]
	if strings.HasSuffix(c.name, "sed") {
		safe = `write awk, with the item in ENVIRON, or perl -e '… $ARGV[0] …' {}`
	}
	s := scan(args, o)
	for _, i := range s.code {
		if i < len(args) && c.no(args[i:i+1], "is code for "+c.name, safe) {
			return
		}
	}
	if s.unclear >= 0 {
		c.no(c.args[1:], "stands behind a word that may be an option of "+c.name, "write the options out")
		return
	}
	program := s.operand
	given := s.hasCode && (c.name != "awk" && !strings.HasSuffix(c.name, "awk") || strings.ContainsAny(s.flags, "fe"))
	if !given && program < len(args) {
		if c.no(args[program:program+1], "is code for "+c.name, safe) {
			return
		}
	}
	for i := range c.args {
		c.forced[i] = !variables[i] // -f and -e may come again
	}
	if c.in.items && len(s.code) > 0 {
		for _, i := range s.code {
			if i < len(args) {
				if text, ok := static(args[i]); ok && (text == "-" || text == "-f-" || strings.HasPrefix(text, "/dev/")) {
					c.refuse(args[i], c.name+" reads code from its standard input, and an item may come there", safe)
				}
			}
		}
	}
}

// jqVariables are jq's words without the variables, which are the place for an
// item, and where those stand.
func (c *command) jqVariables() ([]*syntax.Word, map[int]bool) {
	var rest []*syntax.Word
	at := map[int]bool{}
	takes := map[string]int{"--arg": 2, "--argjson": 2, "--slurpfile": 2, "--rawfile": 2, "--indent": 1}
	for i := 0; i < len(c.args); i++ {
		text, ok := static(c.args[i])
		n := takes[text]
		if !ok || n == 0 {
			rest = append(rest, c.args[i])
			continue
		}
		if n == 2 {
			c.no(c.word(i+1), "is a variable's name for "+c.name, "write the name")
			at[i+2], c.free[i+2] = true, true
		}
		i += n
	}
	return rest, at
}

// runsOption is a program with options that run their argument.
func (c *command) runsOption(o options) {
	for _, i := range scan(c.args, o).code {
		if c.no(c.word(i), "is an option for "+c.name+" that may run a command", "write the option out") {
			return
		}
	}
}

// find runs what follows -exec, up to ; or +.
func (c *command) find() {
	c.noDashes = c.name == "find"
	for i := 1; i < len(c.args); i++ {
		c.forced[i] = true // -exec
		text, ok := static(c.args[i])
		if !ok {
			continue
		}
		switch text {
		case "-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch":
			to := i + 1
			for to < len(c.args) {
				if s, _ := static(c.args[to]); s == ";" || s == "+" {
					break
				}
				to++
			}
			if i+1 < to {
				c.inner(i+1, to)
			}
			i = to
		}
	}
}

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
			if p := program(word); interpreters[p] != nil || p == "eval" || p == "xargs" || p == "source" || p == "su" {
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

// expr takes a word for an operator wherever it stands.
func (c *command) expr() { c.noDashes = false }
