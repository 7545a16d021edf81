package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/output"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

var (
	errFailedItems = &exitError{code: codeFailed, err: errors.New("items failed"), silent: true}
	errDrained     = &exitError{code: codeFailed, err: errors.New("interrupted"), silent: true}
	errDeadline    = errors.New("the deadline")
)

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
