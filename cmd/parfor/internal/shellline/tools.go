package shellline

import (
	"strings"
	"sync"
)

// tools are programs with a word that is code among words that are data. They
// are no OnceValue, as what judges them looks for them again.
var (
	tools     map[string]func(*command)
	toolsOnce sync.Once
)

// tool is what judges the words of a program, nil if it is none of the tools.
func tool(name string) func(*command) {
	toolsOnce.Do(fillTools)
	return tools[name]
}

func fillTools() {
	tools = map[string]func(*command){
		"find": (*command).find, "fd": (*command).find, "fdfind": (*command).find,
		"ssh": (*command).ssh, "rsh": (*command).ssh, "slogin": (*command).ssh, "autossh": (*command).ssh,
		"scp": (*command).copies, "rsync": (*command).copies, "sftp": (*command).copies,
		"git": (*command).git, "tar": (*command).tar, "bsdtar": (*command).tar,
		"sqlite3": (*command).sqlite,
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
			if p := program(name); !ok || interpreters()[p] != nil || tool(p) != nil || refusedBuiltins()[p][0] != "" {
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
