package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/shellline"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// commands are what lines and programs have in common: a process for each item.
type commands struct {
	f     *runFlags
	s     *session
	words func(w *loop.Work, slot int) (argv, env []string, err error) // of an item
	slot  bool                                                         // they have the worker's number in them
}

// lineBody runs a line in a shell.
type lineBody struct {
	commands
	text string // as written
	line *shellline.Line
}

// argvBody runs a program.
type argvBody struct {
	commands
	args []template.Template
}

func (b *lineBody) fingerprint() string { return b.f.shell + " -c " + b.text }

func (b *argvBody) fingerprint() string {
	var words []string
	for _, t := range b.args {
		words = append(words, quote(t.String()))
	}
	return strings.Join(words, " ")
}

func (b *lineBody) values(w *loop.Work, slot int) ([]string, error) {
	values := make([]string, len(b.line.Vars))
	for i, v := range b.line.Vars {
		value, err := template.Value(v.Ref, &w.Item, template.Env{Seq: w.Item.Seq, Slot: slot})
		if err != nil {
			return nil, err
		}
		values[i] = value.Text
	}
	return values, b.line.Check(values)
}

func (b *lineBody) words(w *loop.Work, slot int) (argv, env []string, err error) {
	values, err := b.values(w, slot)
	if err != nil {
		return nil, nil, err
	}
	return []string{b.f.shell, "-c", b.line.Source}, b.line.Env(values), nil
}

func (b *lineBody) show(w *loop.Work) string {
	values, _ := b.values(w, 1)
	return b.line.Pasteable(values)
}

func (b *argvBody) words(w *loop.Work, slot int) (argv, env []string, err error) {
	argv = make([]string, len(b.args))
	for i, t := range b.args {
		if argv[i], err = t.Text(&w.Item, template.Env{Seq: w.Item.Seq, Slot: slot}); err != nil {
			return nil, nil, err
		}
		if strings.IndexByte(argv[i], 0) >= 0 {
			return nil, nil, fmt.Errorf("argument %d holds a NUL byte, which no command line can: give items with --stdin", i)
		}
	}
	return argv, nil, b.dash(argv)
}

// prepareItem renders the command. What names it for --resume leaves the
// worker's number out.
func (c commands) prepareItem(w *loop.Work) error {
	argv, env, err := c.words(w, 0)
	if err != nil {
		return err
	}
	parts := append([]string{c.input(w)}, argv...)
	w.Hash, w.Data = hashOf(append(parts, env...)), &job{argv: argv, env: env}
	return nil
}

// dash refuses an item that stands alone as an argument and would be taken for
// an option, unless -- stands before it.
func (b *argvBody) dash(argv []string) error {
	if b.f.allowDash {
		return nil
	}
	for i, t := range b.args[1:] {
		if argv[i+1] == "--" && !t.Has() {
			return nil
		}
		if strings.HasPrefix(argv[i+1], "-") && len(t.Parts) > 0 && t.Parts[0].Ref != nil {
			return errors.New("item begins with -: write ./{} or put -- before it, or --allow-dash")
		}
	}
	return nil
}

func (b *argvBody) show(w *loop.Work) string {
	words := make([]string, 0, len(b.args))
	for _, a := range w.Data.(*job).argv {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

// input is what the command reads.
func (c commands) input(w *loop.Work) string {
	if c.f.stdin {
		return w.Item.Whole.Text
	}
	return ""
}

func (c commands) attempt(ctx context.Context, slot int, w *loop.Work) (rec record.Record, err error) {
	j := w.Data.(*job)
	j.result.Stdout.Close() //nolint:errcheck // of an earlier attempt
	j.result.Stderr.Close() //nolint:errcheck
	if c.slot {
		if j.argv, j.env, err = c.words(w, slot); err != nil {
			return rec, parfor.Permanent(err)
		}
	}
	cmd := child.Command{
		Argv: j.argv, Env: append(environment(slot, w), j.env...), Dir: c.f.dir,
		Timeout: c.f.timeout, Grace: c.f.grace, MaxOutput: int64(c.f.maxOutput), Beyond: child.Spill,
		Guard: c.f.guard,
	}
	if c.f.stdin {
		cmd.Stdin = []byte(w.Item.Whole.Text)
	}
	if c.f.quiet || c.f.json {
		cmd.Beyond = child.Cut
	}
	if c.f.stream {
		cmd.Beyond, cmd.Live = child.Cut, func(s child.Stream, line []byte) { c.s.stopOn(c.s.printer.line(w, s, line)) }
	}
	j.result, err = c.start(ctx, &cmd)
	if c.f.stream {
		c.s.stopOn(c.s.printer.end(w))
	}
	fillRecord(&rec, &j.result, int(c.f.maxOutput))
	switch {
	case err != nil:
		var start *child.StartError
		if errors.As(err, &start) {
			rec.Code = start.Code
		}
		rec.Status, rec.Error = record.Failed, err.Error()
		return rec, err
	case j.result.TimedOut:
		rec.Status, rec.Error = record.Timeout, fmt.Sprintf("timed out after %v", c.f.timeout)
		return rec, errors.New(rec.Error)
	case c.lost(&j.result):
		rec.Status = record.Failed
		rec.Error = fmt.Sprintf("it printed more than --max-output %d, which is what comes back from an agent", int64(c.f.maxOutput))
		return rec, parfor.Permanent(errors.New(rec.Error))
	case j.result.Code != 0:
		rec.Status, rec.Error = record.Failed, describe(&j.result)
		err = errors.New(rec.Error)
		if len(c.f.retryOn) > 0 && !slices.Contains(c.f.retryOn, j.result.Code) {
			err = parfor.Permanent(err)
		}
		return rec, err
	}
	rec.Status = record.OK
	return rec, nil
}

// start runs a command, here or on an agent.
func (c commands) start(ctx context.Context, cmd *child.Command) (child.Result, error) {
	if c.s.far != nil {
		return c.s.far.command(cmd)
	}
	return child.Run(ctx, cmd)
}

// lost reports whether output that was to be printed is gone.
func (c commands) lost(r *child.Result) bool {
	return c.s.far != nil && r.Truncated && !c.f.quiet && !c.f.json
}

func (c commands) options() []parfor.Option { return nil }
func (c commands) closing() string          { return "" }

func (c commands) workers() int { return 0 } // as many as there are cores

// print gives what the command wrote away.
func (c commands) print(w *loop.Work, rec record.Record) printed {
	j, ok := w.Data.(*job)
	if !ok || c.f.stream {
		return printed{}
	}
	w.Data = nil
	stdout, stderr := j.result.Stdout, j.result.Stderr // apart: while one waits for its turn, the other may be gone
	return printed{stdout: &stdout, stderr: &stderr}
}
