package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
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
	print(w *loop.Work, rec record.Record) (stdout, stderr []byte)
	// options are limits of the verb's own, closing what it says at the end.
	options() []parfor.Option
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

var errFailedItems = &exitError{code: codeFailed, err: errors.New("items failed"), silent: true}

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

var _ = os.Stderr
