package main

import (
	"errors"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/output"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// printer writes what items print: each in one piece when it has ended, or its
// lines as they come. Its methods may be called concurrently.
type printer struct {
	to     *output.Printer
	silent bool
}

// printed is what an item prints; nil is nothing.
type printed struct{ stdout, stderr output.Content }

// text is something printed that is in memory.
type text = output.Bytes

func (s *session) newPrinter() *printer {
	return &printer{
		to:     output.New(output.Options{Stdout: s.stdout, Stderr: s.stderr, KeepOrder: s.keepOrder, Tag: s.tag}),
		silent: s.json || s.quiet,
	}
}

// print prints what came back of an item, or keeps it until its turn.
func (p *printer) print(b body, w *loop.Work, rec record.Record) error {
	out := b.print(w, rec)
	if !p.silent {
		return p.to.Print(output.Job{Seq: w.Turn, Key: w.Key, Stdout: out.stdout, Stderr: out.stderr})
	}
	var err error
	for _, c := range []output.Content{out.stdout, out.stderr} {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}

// line writes a line of an item that runs, end says that there are no more.
func (p *printer) line(w *loop.Work, s child.Stream, line []byte) error {
	return p.to.Line(w.Turn, w.Key, s, line)
}

func (p *printer) end(w *loop.Work) error { return p.to.End(w.Turn) }

// close prints what waited for items that will not come.
func (p *printer) close() error { return p.to.Close() }
