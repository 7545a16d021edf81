package shellline

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// wrap says how a program that runs the command in its words reads the words
// before that.
type wrap struct {
	options
	before  int  // words before the command: timeout's duration
	assigns bool // NAME=VALUE before the command
}

// wrappers run what follows them.
var wrappers = sync.OnceValue(func() map[string]*wrap {
	return map[string]*wrap{
		"sudo":    {options: options{takes: "ughpCrtTUDR", long: "--user --group --host --prompt --chdir --chroot --close-from --role --type --other-user --command-timeout"}, assigns: true},
		"doas":    {options: options{takes: "uC"}},
		"env":     {options: options{takes: "uC", code: "S", long: "--unset --chdir", longCode: "--split-string"}, assigns: true},
		"nice":    {options: options{takes: "n", long: "--adjustment"}},
		"ionice":  {options: options{takes: "cnpPu", long: "--class --classdata --pid"}},
		"nohup":   {},
		"time":    {options: options{takes: "fo", long: "--format --output"}},
		"timeout": {options: options{takes: "sk", long: "--signal --kill-after"}, before: 1},
		"stdbuf":  {options: options{takes: "ioe", long: "--input --output --error"}},
		"setsid":  {},
		"chrt":    {options: options{takes: "TPD"}, before: 1},
		"taskset": {before: 1},
		"chroot":  {before: 1},
		"flock":   {options: options{takes: "wE", code: "c", long: "--timeout --wait --conflict-exit-code", longCode: "--command"}, before: 1},
		"exec":    {options: options{takes: "a"}},
		"command": {}, "builtin": {}, "noglob": {}, "nocorrect": {},
		"busybox": {}, "toybox": {}, "catchsegv": {}, "fakeroot": {options: options{takes: "lsbi"}}, "unbuffer": {}, "eatmydata": {},
		"strace": {options: options{takes: "eopsuaEIOPSUXb"}}, "ltrace": {options: options{takes: "eopsuaAlnwxDF"}},
		"sshpass": {options: options{takes: "fdpP"}}, "caffeinate": {options: options{takes: "tw"}},
		"setarch": {before: 1}, "linux32": {}, "linux64": {}, "dbus-run-session": {}, "systemd-inhibit": {}, "torsocks": {}, "torify": {}, "proxychains": {options: options{takes: "f"}},
		"xvfb-run": {options: options{takes: "aefnps"}}, "firejail": {}, "coproc": {}, "not": {}, "chpst": {options: options{takes: "uUbeCnlLmdopfcr"}},
	}
})

// wrapper judges the words of a program that runs a command, and the command.
func (c *command) wrapper(w *wrap) {
	i := c.behind(w)
	if i < 0 {
		return
	}
	if c.name == "command" {
		if s := scan(c.args, w.options); strings.ContainsAny(s.flags, "vV") {
			return // it only looks the name up
		}
	}
	if i >= len(c.args) {
		return
	}
	if text, _ := start(c.args[i]); strings.HasPrefix(text, "-") { // flock FILE -c CODE
		c.no(c.args[i:], "may be code for "+c.name, "write options first, and the command as words of its own")
		return
	}
	c.inner(i, len(c.args))
}

// behind is where the command begins, -1 where it can't be told or is refused.
func (c *command) behind(w *wrap) int {
	s := scan(c.args, w.options)
	for _, i := range s.code {
		if c.no(c.word(i), "is code for "+c.name, "write the command as words of its own") {
			return -1
		}
	}
	if s.hasCode {
		c.no(c.args[1:], "stands among words that "+c.name+" joins and takes apart again", "write the command as words of its own")
		return -1
	}
	if s.unclear >= 0 {
		c.no(c.args[s.unclear+1:], "stands behind a word of "+c.name+" that may be the command", "write the command's name")
		return -1
	}
	i := s.operand
	for w.assigns && i < len(c.args) {
		text, _ := start(c.args[i])
		name, _, ok := strings.Cut(text, "=")
		if !ok || !syntax.ValidName(name) {
			break
		}
		if why := powerful(name); why != "" && c.no(c.word(i), "is assigned to "+name+", which "+why, "use a variable of another name") {
			return -1
		}
		i++
	}
	for k := 0; k < w.before && i < len(c.args); k++ {
		if _, next := start(c.args[i]); next == unseen && !quotedWord(c.args[i]) {
			c.no(c.args[i+1:], "stands behind a word of "+c.name+" that may be several", `quote it: "$x"`)
			return -1
		}
		c.forced[i] = true
		i++
	}
	return i
}

// quotedWord says whether the word stays one word whatever is in its variables.
func quotedWord(w *syntax.Word) bool {
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit, *syntax.SglQuoted:
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				if e, ok := inner.(*syntax.ParamExp); ok && (e.Index != nil || e.Names != 0 || e.Param != nil && (e.Param.Value == "@")) {
					return false
				}
			}
		default:
			return false
		}
	}
	return true
}

// powerful says what a variable does that makes its value more than data, "" if
// nothing.
func powerful(name string) string {
	switch {
	case names()[name] != "":
		return names()[name]
	case strings.HasPrefix(name, "LD_"), strings.HasPrefix(name, "DYLD_"):
		return "loads code into every program"
	case strings.HasPrefix(name, "BASH_"), strings.HasPrefix(name, "PF_"):
		return "the shell itself reads"
	case strings.HasPrefix(name, "GIT_"), strings.HasPrefix(name, "npm_config_"), strings.HasPrefix(name, "CARGO_"), strings.HasPrefix(name, "RUSTC"):
		return "may name a program to run"
	}
	return ""
}

var names = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for why, list := range map[string]string{
		"decides what names run":              "PATH CDPATH FPATH",
		"decides how the line splits words":   "IFS",
		"the shell runs":                      "ENV PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 MAIL MAILPATH MAILCHECK FCEDIT",
		"the shell evaluates as a number":     "RANDOM SRANDOM SECONDS LINENO HISTCMD OPTIND OPTERR EPOCHSECONDS EPOCHREALTIME PPID UID EUID COLUMNS LINES TMOUT FUNCNEST HISTSIZE HISTFILESIZE BASHPID COMP_CWORD COMP_POINT",
		"the shell itself reads":              "SHELLOPTS BASHOPTS BASH GLOBIGNORE EXECIGNORE POSIXLY_CORRECT HISTFILE HISTIGNORE INPUTRC REPLY MAPFILE DIRSTACK FUNCNAME PIPESTATUS GROUPS",
		"programs run":                        "SHELL EDITOR VISUAL PAGER MANPAGER BROWSER LESSOPEN LESSCLOSE LESS SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR RSYNC_RSH CVS_RSH RSH SVN_SSH SVN_EDITOR MAKE MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKEFILES TAR_OPTIONS TAPE GZIP GREP_OPTIONS CC CXX LD AR TERMINFO NIX_SSHOPTS ANT_OPTS",
		"adds code to an interpreter":         "PERL5OPT PERL5LIB PERLLIB PERL5DB PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONINSPECT PYTHONBREAKPOINT PYTHONWARNINGS PYTHONUSERBASE RUBYOPT RUBYLIB NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS CLASSPATH LUA_INIT LUA_PATH LUA_CPATH PHPRC PHP_INI_SCAN_DIR AWKPATH AWKLIBPATH R_PROFILE R_PROFILE_USER R_ENVIRON TCLLIBPATH GUILE_LOAD_PATH JULIA_LOAD_PATH",
		"is where programs look for settings": "HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS",
	} {
		for name := range words(list) {
			all[name] = why
		}
	}
	return all
})
