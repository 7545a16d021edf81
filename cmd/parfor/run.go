package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/lines"
	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
	"parfor.dev/parfor/cmd/parfor/internal/shellline"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// runFlags are what the user said of commands.
type runFlags struct {
	loopFlags
	shell     string
	allowDash bool
	stdin     bool
	stream    bool
	lines     bool
	linesJSON bool
	maxLine   size
	dir       string
	grace     time.Duration
	retryOn   []int

	guard *procgroup.Guard
}

func runCommand() *cobra.Command {
	f := &runFlags{loopFlags: loopFlags{maxOutput: child.DefaultMaxOutput}}
	cmd := &cobra.Command{
		Use:   "run [flags] 'LINE' | -- PROG ARG… [::: ITEM…]",
		Short: "A command for each item",
		Long: `A command for each item. One word after the flags is a line for the shell;
several, or all after --, are a program and its arguments, and no shell is
started. Placeholders stand for the item: {} is all of it, {1} and {name} its
columns and fields, {.} {/} {//} {/.} parts of a path, {#} its number, {%} the
worker's. A program without a placeholder gets the item as its last argument.

No item ever becomes source of the shell: a placeholder is a quoted variable in
it, and is refused where that could be evaluated (see docs/safety.md).

What a command prints comes in one piece when it has ended; -k keeps the order
of the input, --stream prints lines as they come. -o keeps it, with exit status,
time and attempts, as one dictionary; an interrupted run goes on with --resume.
The first ^C lets the commands that run finish, the second ends them.

With --cluster agents run the commands, with the files, folder and environment
of their machines; only the command line, the item and --stdin travel. A command
is run again, whatever --attempts says, if its agent dies.`,
		Example: `  parfor run -i 1..500 -j8 -o out.json 'curl -sf https://api.example/u/{}'
  ls *.png | parfor run -- convert {} -resize 50% small/{/}
  parfor run -k 'wc -l < {}' ::: a.txt b.txt
  parfor run -i users.csv --attempts 3 --timeout 10s -- ./greet {name} {email}
  parfor run --lines -i texts.txt -o out.jsonl -- python3 body.py`,
		DisableFlagsInUseLine: true,
		RunE:                  func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.declare(cmd.Flags())
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// runTimeout is what --timeout does to a command.
const runTimeout = "The command and all that it has started get TERM, and after --grace KILL; the item has timed out unless --attempts are left."

func (f *runFlags) declare(fs *pflag.FlagSet) {
	fs.SortFlags = false
	f.declareInput(fs)
	f.declareRunning(fs, "one for each core", runTimeout)
	fs.IntSliceVar(&f.retryOn, "retry-on", nil, "try again only after exit statuses among `CODES`, as in 75,111 (default: all but 0)")
	fs.DurationVar(&f.grace, "grace", child.DefaultGrace, "give a command that is to end `DUR` for it: it gets TERM at --timeout, at --deadline and at the second ^C, and after this KILL, with all that it has started")
	f.declareResults(fs)
	fs.BoolVar(&f.stream, "stream", false, "print lines as they come")
	fs.StringVar(&f.shell, "shell", "sh", "run a line in `SHELL`: sh or bash")
	fs.BoolVar(&f.allowDash, "allow-dash", false, "let items that begin with - stand alone as an argument")
	fs.BoolVar(&f.stdin, "stdin", false, "give the item to the command on standard input")
	fs.StringVar(&f.dir, "chdir", "", "run in `DIR`")
	fs.BoolVar(&f.lines, "lines", false, "keep PROG alive: it answers a line for each item, a line")
	fs.BoolVar(&f.linesJSON, "lines-json", false, `as --lines, in JSON: {"id":1,"item":…} for {"id":1,"value":…} or {"id":1,"error":"…"}`)
	fs.Var(&f.maxLine, "max-line", "take no answer of --lines longer than `SIZE` (default 16MiB)")
}

func (f *runFlags) run(cmd *cobra.Command, args []string) error {
	if err := fromEnvironment(cmd.Flags(), ""); err != nil {
		return err
	}
	f.lines = f.lines || f.linesJSON
	if err := f.checkRun(wereSaid(cmd.Flags())); err != nil {
		return err
	}
	dash := cmd.ArgsLenAtDash() >= 0
	args, lists := cutLists(args)
	if err := f.checkWords(args, dash); err != nil {
		return err
	}
	s, err := openSession(cmd, &f.loopFlags, lists, false)
	if errors.Is(err, errNoSource) && len(args) == 0 {
		return helpFor(cmd)
	}
	if err != nil {
		return err
	}
	defer s.close()
	if len(args) == 0 {
		return usagef("no command: write parfor run 'LINE', or parfor run -- PROG ARG…")
	}
	f.guard = procgroup.NewGuard(f.grace)
	defer f.guard.Close()
	b, err := f.body(s, args, dash)
	if err != nil {
		return err
	}
	if !f.lines && !f.dryRun && f.cluster.where == "" {
		child.MakeRoomForForks()
	}
	return s.run(b)
}

func (f *runFlags) checkRun(said func(string) bool) error {
	if err := f.check(said); err != nil {
		return err
	}
	switch {
	case f.stream && f.keepOrder:
		return usagef("--stream prints lines as they come, -k in the order of the input: choose one")
	case f.lines && f.stdin:
		return usagef("with --lines items go to the program's standard input anyway: leave --stdin out")
	case f.stream && (f.json || f.quiet):
		return usagef("--stream prints what comes back, --json and --quiet don't: choose one")
	case f.cluster.where != "" && f.stream:
		return usagef("--stream with --cluster: what a command prints comes back when it has ended")
	case f.cluster.where != "" && f.lines:
		return usagef("--lines with --cluster: agents run a command for each item, and keep none alive")
	case f.grace < 0:
		return usagef("--grace %v: it can't be negative", f.grace)
	}
	if info, err := os.Stat(f.dir); f.dir != "" && f.cluster.where == "" && (err != nil || !info.IsDir()) {
		return usagef("--chdir %s: there is no such folder", f.dir)
	}
	return oneOf("shell", f.shell, "sh", "bash")
}

// checkWords refuses a command that is none: files that a pattern stood for.
func (f *runFlags) checkWords(args []string, dash bool) error {
	if len(args) < 2 || dash || len(f.in) == 0 || !isData(args[0]) {
		return nil
	}
	pattern := "*" + filepath.Ext(args[0])
	return usagef("%q is a file and no program: did you mean ::: %s at the end, in place of -i?", args[0], pattern)
}

// isData reports whether a word is a file that can't be run.
func isData(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 == 0 && runtime.GOOS != "windows"
}

// body is what runs for an item: a line, a program, or one that stays alive.
func (f *runFlags) body(s *session, args []string, dash bool) (body, error) {
	parse := func(text string) (template.Template, error) {
		t, err := template.Parse(text, s.source.Schema(), f.marker)
		if err != nil {
			return t, usagef("%w", err)
		}
		return t, nil
	}
	if f.lines {
		return f.linesBody(s, args)
	}
	if len(args) == 1 && !dash {
		return f.lineBody(s, args[0], parse)
	}
	return f.argvBody(s, args, parse)
}

func (f *runFlags) lineBody(s *session, text string, parse func(string) (template.Template, error)) (body, error) {
	t, err := parse(text)
	if err != nil {
		return nil, err
	}
	line, err := shellline.Compile(t, shellline.Options{Shell: f.shell, AllowDash: f.allowDash, ItemsOnStdin: f.stdin})
	if err != nil {
		return nil, usagef("%w", err)
	}
	if err := f.find(f.shell); err != nil {
		return nil, usagef("%w", err)
	}
	b := &lineBody{commands{f: f, s: s, slot: usesSlot(t)}, t.String(), line}
	b.commands.words = b.words
	return b, nil
}

func (f *runFlags) argvBody(s *session, args []string, parse func(string) (template.Template, error)) (body, error) {
	b := &argvBody{commands: commands{f: f, s: s}}
	b.commands.words = b.words
	has := f.stdin
	for _, a := range args {
		t, err := parse(a)
		if err != nil {
			return nil, err
		}
		has = has || t.Has()
		b.args = append(b.args, t)
	}
	if !has { // as xargs does
		b.args = append(b.args, template.Template{Parts: []template.Part{{Ref: &template.Ref{Kind: template.Whole}}}})
	}
	b.slot = usesSlot(b.args...)
	if b.args[0].Has() {
		return b, nil // the program is found item by item
	}
	if err := f.find(args[0]); err != nil {
		return nil, f.noProgram(args, err)
	}
	return b, nil
}

// find looks for a program where it is to run. Agents do so by themselves.
func (f *runFlags) find(prog string) error {
	if f.cluster.where != "" {
		return nil
	}
	return child.Check(prog, f.dir)
}

// noProgram answers what people type: a line in two words.
func (f *runFlags) noProgram(args []string, err error) error {
	if strings.ContainsAny(args[0], " |;&<>") {
		return usagef("%w; a line for the shell is one word: parfor run %q", err, strings.Join(args, " "))
	}
	return usagef("%w", err)
}

func (f *runFlags) linesBody(s *session, args []string) (body, error) {
	b := &linesBody{f: f, s: s, args: args}
	pool, err := lines.New(lines.Config{
		Argv: args, Dir: f.dir, Timeout: f.timeout, Grace: f.grace, MaxLine: int(f.maxLine), JSON: f.linesJSON,
		Stderr: b.said, Notice: b.notice, Guard: f.guard,
	})
	if err != nil {
		return nil, usagef("%w", err)
	}
	b.pool = pool
	return b, nil
}
