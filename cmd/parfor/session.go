package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/output"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// body is what a verb does with an item.
type body interface {
	// fingerprint names what is run for whatever item: the template.
	fingerprint() string
	// prepareItem renders what is run for an item and names it in w.Hash. Its
	// error is a failure of the item.
	prepareItem(w *loop.Work) error
	// attempt runs it once.
	attempt(ctx context.Context, slot int, w *loop.Work) (record.Record, error)
	// show is what would run, for --dry-run.
	show(w *loop.Work) string
	// print is what came back.
	print(w *loop.Work, rec record.Record) printed
	// options are limits of the verb's own, workers how many there are usually,
	// closing what it says at the end.
	options() []parfor.Option
	workers() int
	closing() string
}

// session is one run of a verb over its items.
type session struct {
	*loopFlags
	cmd    *cobra.Command
	source *item.Source
	keys   *template.Template
	stderr io.Writer
	start  time.Time

	printer *printer
	cancel  context.CancelCauseFunc
	closing string // what the verb says at the end

	doubtful atomic.Bool // a warning says that results may be wrong
}

func openSession(cmd *cobra.Command, f *loopFlags, lists []string, stdinTaken bool) (*session, error) {
	s := &session{loopFlags: f, cmd: cmd, stderr: cmd.ErrOrStderr(), start: time.Now()}
	var err error
	if s.source, err = f.openInput(lists, stdinTaken); err != nil {
		return nil, err
	}
	if s.keys, err = f.keyTemplate(s.source.Schema()); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.source.Close() //nolint:errcheck // files that were only read
}

func (s *session) warn(text string) { fmt.Fprintf(s.stderr, "parfor: warning: %s\n", text) }

// workersOr is -j, or the verb's own number.
func (s *session) workersOr(usual int) int {
	switch {
	case s.workers.auto:
		return 1000
	case s.workers.n > 0:
		return s.workers.n
	case usual > 0:
		return usual
	}
	return runtime.NumCPU()
}

var (
	errFailedItems = &exitError{code: codeFailed, err: errors.New("items failed"), silent: true}
	errDrained     = &exitError{code: codeFailed, err: errors.New("interrupted"), silent: true}
	errDeadline    = errors.New("the deadline")
)

// run runs the verb over its items and says what it came to.
func (s *session) run(b body) error {
	if s.dryRun {
		return s.dryRunItems(b)
	}
	res, err := s.openResults(b)
	if err != nil {
		return err
	}
	out, err := s.loop(b, res)
	journal, e := s.endResults(res, err == nil && !out.Stopped)
	if err == nil {
		err = e
	} else if e != nil {
		s.warn(e.Error())
	}
	return s.conclude(out, journal, err)
}

// openResults opens the files of -o, and says what they have already. Without
// any nothing is kept.
func (s *session) openResults(b body) (*results.Results, error) {
	if len(s.outputs) == 0 && !s.json {
		return nil, nil
	}
	var outputs []results.Output
	for _, path := range s.outputs {
		o, err := results.To(path)
		if err != nil {
			return nil, usagef("-o: %w", err)
		}
		outputs = append(outputs, o)
	}
	if s.json {
		outputs = append(outputs, results.Output{Format: results.JSON, W: s.cmd.OutOrStdout()})
	}
	total, _ := s.source.Total()
	res, err := results.Open(outputs, results.Options{
		Fingerprint: s.template(b), Build: buildOf(), Resume: s.resume, Force: s.force, Total: total,
		Changed: results.Changed(s.changed), OnDuplicate: results.OnDuplicate(s.onDuplicate),
	})
	switch {
	case errors.Is(err, results.ErrExists), errors.Is(err, results.ErrTemplate):
		return nil, usagef("%w", err)
	case err != nil:
		return nil, ioError(err)
	}
	if had := res.Before(); had.All() > 0 {
		fmt.Fprintf(s.stderr, "parfor: resuming: %d done, %d failed\n", had.OK, had.All()-had.OK)
	}
	return res, nil
}

// endResults writes the files, or leaves the journal of a run that did not come
// to its end.
func (s *session) endResults(res *results.Results, complete bool) (journal string, err error) {
	if res == nil {
		return "", nil
	}
	if !complete && !s.json {
		return s.file(), ioError(res.Close())
	}
	sum, err := res.Finish()
	if sum.Gone > 0 {
		s.say(fmt.Sprintf("parfor: %d results are of items that the input no longer has; they stay, at the end", sum.Gone))
	}
	for _, note := range res.Notes() {
		s.say("parfor: " + note)
	}
	if !complete {
		journal = s.file()
	}
	if errors.Is(err, syscall.EPIPE) {
		return journal, outputError(err)
	}
	return journal, ioError(err)
}

// template names everything that decides what is run for an item, but the items.
func (s *session) template(b body) string {
	text := s.cmd.Name() + " " + b.fingerprint()
	if s.marker != "" {
		text = "-I " + quote(s.marker) + " " + text
	}
	return text
}

func (s *session) loop(b body, res *results.Results) (loop.Outcome, error) {
	ctx := s.cmd.Context()
	if s.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.deadline, errDeadline)
		defer cancel()
	}
	ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	defer context.AfterFunc(ctx, func() { s.source.Close() })() //nolint:errcheck // a read of standard input must not hold the end up
	stop := new(loop.Stop)
	defer onInterrupt(ctx, func() {
		stop.Ask()
		go s.source.Close() //nolint:errcheck // a read of standard input must not hold us up
		fmt.Fprintln(s.stderr, "parfor: finishing what runs; ^C again ends it")
	})()
	watch, done, err := s.observers()
	if err != nil {
		return loop.Outcome{}, err
	}
	defer done()
	s.printer = s.newPrinter(watch)
	defer s.printer.close() //nolint:errcheck // flushed below
	failures := loop.Failures{}
	if s.failFast {
		failures.Number = 1
	} else if s.maxFailures != "" {
		if failures, err = loop.ParseFailures(s.maxFailures); err != nil {
			return loop.Outcome{}, usagef("--max-failures: %w", err)
		}
	}
	out, err := loop.Run(ctx, loop.Config{
		Name: s.cmd.Name(), Items: s.source.All(), Total: s.source.Total,
		Admit: func(w *loop.Work) (bool, error) { return s.admit(b, res, w) },
		Body: func(ctx context.Context, slot int, w *loop.Work) (record.Record, error) {
			return s.attempt(ctx, b, slot, w)
		},
		Keep:    func(w *loop.Work, rec record.Record) error { return s.keep(res, w, rec) },
		Done:    func(w *loop.Work, rec record.Record) error { return outputError(s.printer.print(b, w, rec)) },
		Workers: s.workersOr(b.workers()), Auto: s.workers.auto,
		Attempts: s.attempts, First: s.backoff, Most: 30 * time.Second,
		MaxFailures: failures, Options: append(b.options(), s.rates()...), Observers: watch, Stop: stop,
	})
	s.closing = b.closing()
	if e := s.printer.close(); err == nil {
		err = outputError(e)
	}
	if err == nil && out.OK+out.Failed+out.Skipped+out.Left == 0 && !s.empty && !out.Stopped {
		err = errNoItems
	}
	return out, err
}

func (s *session) rates() []parfor.Option {
	if s.rate == 0 {
		return nil
	}
	return []parfor.Option{parfor.Rate(float64(s.rate), 1)}
}

// admit names an item and says whether it is to run.
func (s *session) admit(b body, res *results.Results, w *loop.Work) (run bool, err error) {
	key, err := keyOf(s.keys, &w.Item)
	if err != nil {
		return false, ioError(err)
	}
	if len(s.outputs) > 0 && s.keys == nil {
		if _, ok := w.Item.Key(); !ok {
			return false, ioError(fmt.Errorf("item %d has no id and no key: add --key, as in --key '{name}'", w.Item.Seq))
		}
	}
	w.Key, run = key, true
	if res != nil || len(b.options()) > 0 { // limits look at what is to be sent
		_ = b.prepareItem(w) // an error is the item's: once more when it runs, where it counts
	}
	if res != nil {
		d, err := res.Plan(w.Item.Seq, key, w.Hash)
		if err != nil {
			return false, ioError(err)
		}
		w.Key, run = d.Key, d.Action == results.Run
	}
	if !run {
		return false, nil
	}
	return true, nil
}

// attempt runs an item once.
func (s *session) attempt(ctx context.Context, b body, slot int, w *loop.Work) (record.Record, error) {
	if w.Hash == "" {
		if err := b.prepareItem(w); err != nil {
			return record.Record{Status: record.Failed, Error: err.Error(), Started: time.Now()}, parfor.Permanent(err)
		}
	}
	return b.attempt(ctx, slot, w)
}

// keep keeps a record, where anything is.
func (s *session) keep(res *results.Results, w *loop.Work, rec record.Record) error {
	if res == nil {
		return nil
	}
	if err := res.Append(rec, w.Hash); err != nil {
		return ioError(&unwritable{err})
	}
	return nil
}

// conclude says what the run came to, and with what exit code.
func (s *session) conclude(out loop.Outcome, journal string, err error) error {
	s.say(s.closing)
	s.say(failures(out, s.file()))
	switch {
	case errors.Is(err, errDeadline):
		return &exitError{code: codeDeadline, err: fmt.Errorf("the deadline of %v is over%s", s.deadline, s.goOn(journal))}
	case err != nil:
		var sig interrupted
		var full *unwritable
		if errors.As(err, &sig) || errors.As(err, &full) {
			return fmt.Errorf("%w%s", err, s.goOn(journal))
		}
		return err
	case out.Halted:
		s.say(fmt.Sprintf("parfor: stopped after %s%s", failuresOf(out.Failed), s.goOn(journal)))
		return errFailedItems
	case out.Stopped:
		s.say("parfor: interrupted" + s.goOn(journal))
		return errDrained
	case out.Failed > 0:
		return errFailedItems
	case s.doubtful.Load():
		s.say("parfor: answers are in doubt: see the warnings")
		return errFailedItems
	}
	return nil
}

func (s *session) say(text string) {
	if text != "" {
		fmt.Fprintln(s.stderr, text)
	}
}

// file is the first of -o.
func (s *session) file() string {
	if len(s.outputs) == 0 {
		return ""
	}
	return s.outputs[0]
}

// goOn is how the run goes on.
func (s *session) goOn(journal string) string {
	if journal == "" {
		return ""
	}
	words := []string{"parfor"}
	for _, a := range os.Args[1:] {
		if a == "--force" {
			continue
		}
		words = append(words, quote(a))
		if len(words) == 2 && !slices.Contains(os.Args, "--resume") {
			words = append(words, "--resume")
		}
	}
	return "; it goes on with: " + strings.Join(words, " ")
}

// outputError is what the end of standard output means: nobody reads any more,
// or it is full.
func outputError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, output.ErrClosed), errors.Is(err, syscall.EPIPE):
		return &exitError{code: codeClosed, err: err, silent: true}
	}
	return ioError(&unwritable{err})
}

// unwritable is an end or a file that takes no more. What was kept until then is
// worth to be gone on with.
type unwritable struct{ error }

func (u *unwritable) Unwrap() error { return u.error }

// stopOn ends the run where the end of standard output does: nothing is worth
// running that nobody reads.
func (s *session) stopOn(err error) {
	if err != nil {
		s.cancel(outputError(err))
	}
}

func buildOf() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

// dryRunItems prints what would run.
func (s *session) dryRunItems(b body) error {
	out := s.cmd.OutOrStdout()
	n := 0
	for it, err := range s.source.All() {
		if err != nil {
			return ioError(err)
		}
		w := &loop.Work{Item: it}
		if w.Key, err = keyOf(s.keys, &it); err != nil {
			return usagef("%w", err)
		}
		n++
		text := ""
		if err := b.prepareItem(w); err != nil {
			text = "# " + err.Error()
		} else {
			text = b.show(w)
		}
		if _, err := fmt.Fprintf(out, "%s\n", text); err != nil {
			return ioError(err)
		}
	}
	if n == 0 && !s.empty {
		return errNoItems
	}
	return nil
}

func failuresOf(n int) string {
	if n == 1 {
		return "1 failure"
	}
	return fmt.Sprintf("%d failures", n)
}

// failures is the line about items that failed.
func failures(out loop.Outcome, file string) string {
	if out.Failed == 0 {
		return ""
	}
	var names []string
	for _, r := range out.First {
		why := r.Error
		if r.Code != 0 && r.Status == record.Failed && why == "" {
			why = fmt.Sprintf("exit %d", r.Code)
		}
		names = append(names, fmt.Sprintf("%s (%s)", short(r.Key, 40), short(why, 80)))
	}
	s := "failed: " + strings.Join(names, ", ")
	if more := out.Failed - len(out.First); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	if file != "" {
		s += "    list: parfor show " + file + " --failed"
	}
	return s
}

// short is a text on one line, and not too long for it.
func short(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
