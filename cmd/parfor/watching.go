package main

import (
	"errors"
	"io"
	"os"

	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
	"parfor.dev/parfor/trace"
)

// observers are those that the user asked for. What is said on standard error
// from here on stands above the line that one of them may draw there, and its
// receipt is for conclude to have written. Done ends what they have open.
func (s *session) observers() (all []observe.Observer, done func(), err error) {
	shown := s.shows()
	s.stdout, s.stderr = above(shown, os.Stdout, os.Stdout), above(shown, s.stderr, os.Stderr)
	s.last = &lastWord{Observer: shown}
	all = append(all, s.last)
	if s.trace == "" {
		return all, func() {}, nil
	}
	t, err := trace.Create(s.trace)
	if err != nil {
		return nil, nil, ioError(err)
	}
	return append(all, t), func() {
		if err := t.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			s.warn(s.trace + ": " + err.Error())
		}
	}, nil
}

// shows is what shows how far it is.
func (s *session) shows() observe.Observer {
	switch s.progress {
	case "none":
		return progress.Receipt(s.stderr)
	case "json":
		return progress.JSON(s.stderr)
	case "plain":
		return progress.Line(s.stderr, progress.As(progress.Plain))
	case "tty":
		return progress.Line(s.stderr, progress.As(progress.Terminal))
	}
	if s.typed { // a line would be drawn over what is being typed
		return progress.Receipt(s.stderr)
	}
	return progress.Line(s.stderr)
}

// above has what goes to a terminal stand above the line of an observer.
func above(o observe.Observer, w io.Writer, f *os.File) io.Writer {
	if _, _, tty := windowSize(f); !tty {
		return w
	}
	return progress.Above(o, w)
}

// lastWord keeps the end of the loop from an observer until it is known how the
// run ends: after the loop programs end and results are written.
type lastWord struct {
	observe.Observer
	end *observe.End // nil: not so far
}

func (l *lastWord) End(e observe.End) { l.end = &e }

// say tells the observer of the end. With an error that is no success, however
// the loop went.
func (l *lastWord) say(err error) {
	if l == nil || l.end == nil {
		return
	}
	if l.end.Err == nil {
		l.end.Err = err
	}
	l.Observer.End(*l.end)
}
