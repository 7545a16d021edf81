package lines

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// hint is what can be seen of a program that did not answer in time.
func (b *Body) hint(p *proc) string {
	if unread(p.in) > 0 {
		if p.answers == 0 {
			return "it had not read the item yet; its start-up counts too, so a longer --timeout may help"
		}
		return "it had not read the item yet"
	}
	if hint := b.flushHint(p); hint != "" {
		return hint
	}
	if !inspects {
		return "if it has answered: " + flushing(b.cfg.Argv)
	}
	return ""
}

// flushHint is not empty if the process has read the item, has not answered, and
// waits for another.
func (b *Body) flushHint(p *proc) string {
	if unread(p.in) != 0 || !p.asks() {
		return ""
	}
	return "it has read the item and waits for more: " + flushing(b.cfg.Argv)
}

// asks reports whether the process, or one that it started, waits for its input.
func (p *proc) asks() bool { return readsPipe(p.cmd.Process.Pid, p.in) }

// flushWith is what makes a program write its output at once where that is no
// terminal.
var flushWith = map[string]string{
	"python": "python3 -u, or print(…, flush=True)",
	"pypy":   "pypy3 -u, or print(…, flush=True)",
	"ruby":   "$stdout.sync = true",
	"perl":   "$| = 1",
	"awk":    "fflush() after print",
	"gawk":   "fflush() after print",
	"sed":    "sed -u",
	"grep":   "grep --line-buffered",
	"jq":     "jq --unbuffered",
	"php":    "flush()",
	"lua":    `io.stdout:setvbuf("line")`,
}

var flushOf = map[string]string{".py": "python", ".rb": "ruby", ".pl": "perl", ".php": "php", ".lua": "lua", ".awk": "awk"}

// flushing asks the two questions: why a program that has read a line hasn't
// answered it, with the answer for the program where it is known.
func flushing(argv []string) string {
	const (
		question = "does it flush its output after each line? "
		other    = "; or does it wait for more input than a line, as mawk does without -W interactive, or for all of it, as sort does?"
	)
	for _, arg := range argv {
		name := programOf(arg)
		if name == "mawk" {
			return "mawk waits for more input than a line, and keeps its output back: mawk -W interactive does neither"
		}
		with := flushWith[name]
		if with == "" {
			with = flushWith[flushOf[filepath.Ext(arg)]]
		}
		if with != "" {
			return question + with + other
		}
	}
	return question + "stdbuf -oL before a program that uses C's stdio, python3 -u, $stdout.sync = true in Ruby, $| = 1 in Perl" + other
}

// programOf is the name of a program without its version. Which awk awk is, is
// for the system to say.
func programOf(arg string) string {
	name := strings.TrimRight(filepath.Base(arg), "0123456789.")
	if name != "awk" {
		return name
	}
	path, err := exec.LookPath(arg)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if real := filepath.Base(path); err == nil && real == "mawk" {
		return real
	}
	return name
}
