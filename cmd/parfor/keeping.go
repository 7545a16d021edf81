package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"

	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

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
	for _, note := range res.Notes() {
		s.say("parfor: " + note)
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
	told := len(res.Notes())
	sum, err := res.Finish()
	if sum.Gone > 0 {
		s.say(fmt.Sprintf("parfor: %d results are of items that the input no longer has; they stay, at the end", sum.Gone))
	}
	for _, note := range res.Notes()[told:] {
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

// file is the first of -o.
func (s *session) file() string {
	if len(s.outputs) == 0 {
		return ""
	}
	return s.outputs[0]
}

func buildOf() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
