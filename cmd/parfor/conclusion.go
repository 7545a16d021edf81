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
	errDoubt       = &exitError{code: codeFailed, err: errors.New("answers are in doubt"), silent: true}
	errDeadline    = errors.New("the deadline")
)

// conclude says what the run came to, and with what exit code.
func (s *session) conclude(out loop.Outcome, journal string, err error) error {
	if errors.Is(err, errNoItems) && s.progress != "json" { // that alone says all
		s.say("parfor: " + err.Error())
		return &exitError{code: codeUsage, err: err, silent: true}
	}
	s.last.say(s.flaw(out, err))
	s.say(s.closing)
	s.say(failures(out, s.file()))
	switch {
	case errors.Is(err, errDeadline):
		return &exitError{code: codeDeadline, err: fmt.Errorf("the deadline of %v is over%s", s.deadline, wayOn(journal))}
	case err != nil:
		var sig interrupted
		var full *unwritable
		var gone *clusterGone
		if errors.As(err, &sig) || errors.As(err, &full) || errors.As(err, &gone) {
			return fmt.Errorf("%w%s", err, wayOn(journal))
		}
		return err
	case out.Halted:
		s.say(fmt.Sprintf("parfor: stopped after %s%s", failuresOf(out.Failed), wayOn(journal)))
		return errFailedItems
	case out.Stopped:
		s.say("parfor: interrupted" + wayOn(journal))
		return errDrained
	case out.Failed > 0:
		return errFailedItems
	case s.doubtful.Load():
		s.say("parfor: answers are in doubt: see the warnings")
		return errDoubt
	}
	return nil
}

// flaw is why a run is no success, though no item may have failed.
func (s *session) flaw(out loop.Outcome, err error) error {
	switch {
	case err != nil:
		return err
	case out.Stopped && !out.Halted:
		return errDrained
	case s.doubtful.Load():
		return errDoubt
	}
	return nil
}

func (s *session) say(text string) {
	if text != "" {
		fmt.Fprintln(s.stderr, text)
	}
}

// wayOn says so, where there is something to go on with.
func wayOn(journal string) string {
	if journal == "" {
		return ""
	}
	return goOn(os.Args[1:])
}

// goOn is how the run goes on: the command line again, with --resume.
func goOn(args []string) string {
	words := []string{"parfor"}
	for i, a := range withoutSecrets(args) {
		if a == "--force" || a == "--resume" {
			continue
		}
		words = append(words, a)
		if i == 0 {
			words = append(words, "--resume")
		}
	}
	return "; it goes on with: " + strings.Join(words, " ")
}

// secretFlags are those whose values don't belong into a log.
var secretFlags = []string{"-H", "--header", "-u", "--user", "--proxy"}

// withoutSecrets quotes the words of a command line, with … for secret ones.
func withoutSecrets(args []string) (words []string) {
	hide, where := false, false
	for _, a := range args {
		word := quote(a)
		if url, ok := strings.CutPrefix(a, "--cluster="); ok {
			word = "--cluster=" + shownCluster(url)
		}
		switch {
		case hide:
			word = "…"
		case where:
			word = shownCluster(a)
		}
		where = a == "--cluster"
		hide = slices.Contains(secretFlags, a)
		for _, f := range secretFlags {
			if long := strings.HasPrefix(f, "--"); long && strings.HasPrefix(a, f+"=") {
				word = f + "=…"
			} else if !long && len(a) > 2 && strings.HasPrefix(a, f) {
				word = f + " …"
			}
		}
		words = append(words, word)
	}
	return words
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
