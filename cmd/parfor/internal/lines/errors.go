package lines

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// ItemError is an item that can't be sent. The program knows nothing of it.
type ItemError struct{ Problem string }

func (e *ItemError) Error() string { return e.Problem }

// FailedError is the program's own "error" for an item, in JSON mode. The
// program is well and gets the next item.
type FailedError struct{ Message string }

func (e *FailedError) Error() string { return e.Message }

// DeathError is the end of a program that had read an item and not answered it.
type DeathError struct {
	Prog    string
	Code    int      // its exit status, or 128+n for signal n
	Signal  string   // "killed"; "" if it exited
	Partial int      // bytes of an answer that broke off
	Stderr  []string // its last lines there, from this item's time
}

func (e *DeathError) Error() string {
	how := fmt.Sprintf("ended with exit status %d", e.Code)
	if e.Signal != "" {
		how = fmt.Sprintf("was ended by a signal (%d, %s)", e.Code-128, e.Signal)
	}
	when := "before it answered"
	if e.Partial > 0 {
		when = "in the middle of its answer, after " + size(e.Partial)
	}
	return e.Prog + " " + how + " " + when + lastOf(e.Stderr)
}

// TimeoutError is an item that wasn't answered in time.
type TimeoutError struct {
	Prog   string
	After  time.Duration
	Hint   string // what the process was seen doing; "" if nothing is known
	Stderr []string
}

func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("%s did not answer within %v", e.Prog, e.After)
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text + lastOf(e.Stderr)
}

// Timeout reports true, as errors of the net package do.
func (*TimeoutError) Timeout() bool { return true }

// AnswerError is an answer against the rules. The program was ended, for its
// next line might belong to anything.
type AnswerError struct {
	Prog    string
	Problem string
	Stderr  []string
}

func (e *AnswerError) Error() string { return e.Prog + " " + e.Problem }

// SurplusError is output that nobody had asked for, found too late to be the
// failure of an item. The program is started again before the next item.
type SurplusError struct {
	Prog    string
	Item    string // the last one that this process answered; "" if it answered none
	Answers int    // how many it had answered
	Text    string // the beginning of it
	JSON    bool
}

func (e *SurplusError) Error() string {
	text := e.Prog + " wrote " + quote(e.Text)
	if e.Answers > 0 {
		text += " after its answer to the item " + quote(e.Item)
	} else {
		text += " before it was asked for anything"
	}
	if e.JSON || e.Answers == 0 {
		return text + ": its output is for answers only, everything else goes to stderr"
	}
	return text + fmt.Sprintf(": one line too many, so that any of the %d answers of that process may belong to the item before it; run them again with --lines-json, where each answer names its item", e.Answers)
}

// StallError warns of a program that seems to keep its answer in a buffer. It
// is given once for a pool and nothing is done about it.
type StallError struct {
	Prog  string
	After time.Duration
	Hint  string
}

func (e *StallError) Error() string {
	return fmt.Sprintf("%s has not answered for %v: %s", e.Prog, e.After, e.Hint)
}

// BrokenError says that the program was given up. The item it is returned for
// may or may not have been read: Last says which.
type BrokenError struct {
	Prog   string
	Starts int
	Last   error // of the last start
	Stderr []string
}

func (e *BrokenError) Error() string {
	text := fmt.Sprintf("%s was started %d times in a row without answering anything: %v", e.Prog, e.Starts, e.Last)
	if len(e.Stderr) > 1 {
		text += "\nits stderr ends with:\n  " + strings.Join(e.Stderr, "\n  ")
	}
	return text
}

func (e *BrokenError) Unwrap() error { return e.Last }

// Fail puts an error of [Body.Do] into the record of its item: Status, Code,
// Error and Stderr.
func Fail(r *record.Record, err error) {
	r.Status, r.Code, r.Error = record.Failed, 0, err.Error()
	var death *DeathError
	var timeout *TimeoutError
	var wrong *AnswerError
	switch {
	case errors.As(err, &death):
		r.Code = death.Code
		r.Stderr = joined(death.Stderr)
	case errors.As(err, &timeout):
		r.Status = record.Timeout
		r.Stderr = joined(timeout.Stderr)
	case errors.As(err, &wrong):
		r.Stderr = joined(wrong.Stderr)
	case errors.Is(err, context.DeadlineExceeded):
		r.Status = record.Timeout
	case errors.Is(err, context.Canceled):
		r.Status = record.Canceled
	}
}

// isAnswer reports whether the program has answered as it should, with a value
// or with an error of its own.
func isAnswer(err error) bool {
	if err == nil {
		return true
	}
	_, ok := err.(*FailedError)
	return ok
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// lastOf is the line in which most programs say what was wrong.
func lastOf(stderr []string) string {
	for i := len(stderr) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(stderr[i]); line != "" {
			return ": " + line
		}
	}
	return ""
}

// quote shows the beginning of a text within an error.
func quote(s string) string {
	const most = 60
	s = strings.TrimRight(s, "\r\n")
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q…", s[:cut])
}

func size(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
