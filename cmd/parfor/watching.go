package main

import (
	"errors"
	"os"

	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
	"parfor.dev/parfor/trace"
)

// observers are those that the user asked for. What is said on standard error
// from here on stands above the line that one of them may draw there. Done ends
// what they have open.
func (s *session) observers() (all []observe.Observer, done func(), err error) {
	switch s.progress {
	case "none":
		all = append(all, progress.Receipt(s.stderr))
	case "json":
		all = append(all, progress.JSON(s.stderr))
	case "plain":
		all = append(all, progress.Line(s.stderr, progress.As(progress.Plain)))
	case "tty":
		all = append(all, progress.Line(s.stderr, progress.As(progress.Terminal)))
	default:
		if s.typed { // a line would be drawn over what is being typed
			all = append(all, progress.Receipt(s.stderr))
		} else {
			all = append(all, progress.Line(s.stderr))
		}
	}
	s.stderr = above(all[0], s.stderr, os.Stderr)
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
