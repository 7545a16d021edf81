package main

import (
	"bytes"
	"io"
	"os"
	"sync"

	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"

	"parfor.dev/parfor/cmd/parfor/internal/child"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// printer writes what items print: each in one piece when it has ended, or its
// lines as they come. Its methods may be called concurrently.
type printer struct {
	stdout, stderr io.Writer
	ordered        bool
	tag            bool
	silent         bool

	mu      sync.Mutex
	waiting []int           // with ordered: numbers of items that are to be printed, in order
	ended   map[int]printed // and what those print that wait for others
	failed  error
}

// printed is what an item prints.
type printed struct {
	key            string
	stdout, stderr io.WriterTo // nil: nothing
	release        func()      // nil, or what is to be called when it is written
}

func (s *session) newPrinter(watch []observe.Observer) *printer {
	p := &printer{stdout: os.Stdout, stderr: s.stderr, ordered: s.keepOrder, tag: s.tag, silent: s.json || s.quiet, ended: map[int]printed{}}
	for _, o := range watch {
		p.stdout, p.stderr = above(o, p.stdout, os.Stdout), above(o, p.stderr, os.Stderr)
	}
	return p
}

// above has what goes to a terminal stand above the line of an observer.
func above(o observe.Observer, w io.Writer, f *os.File) io.Writer {
	if _, _, tty := windowSize(f); !tty {
		return w
	}
	return progress.Above(o, w)
}

// expect says that an item will print something; in the order of the input.
func (p *printer) expect(w *loop.Work) {
	if !p.ordered {
		return
	}
	p.mu.Lock()
	p.waiting = append(p.waiting, w.Item.Seq)
	p.mu.Unlock()
}

// print prints what came back of an item, or keeps it until its turn.
func (p *printer) print(b body, w *loop.Work, rec record.Record) error {
	out := b.print(w, rec)
	out.key = w.Key
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ordered {
		return p.write(out)
	}
	p.ended[w.Item.Seq] = out
	for len(p.waiting) > 0 {
		next, ok := p.ended[p.waiting[0]]
		if !ok {
			break
		}
		delete(p.ended, p.waiting[0])
		p.waiting = p.waiting[1:]
		if err := p.write(next); err != nil {
			return err
		}
	}
	return p.failed
}

func (p *printer) write(out printed) error {
	if out.release != nil {
		defer out.release()
	}
	if p.silent || p.failed != nil {
		return p.failed
	}
	for _, x := range []struct {
		from io.WriterTo
		to   io.Writer
	}{{out.stdout, p.stdout}, {out.stderr, p.stderr}} {
		if x.from == nil {
			continue
		}
		to := x.to
		if p.tag {
			t := &tagged{w: to, tag: []byte(out.key + "\t")}
			to = t
			defer t.end()
		}
		if _, err := x.from.WriteTo(to); err != nil {
			p.failed = err
			return err
		}
	}
	return nil
}

// line writes a line of an item that runs.
func (p *printer) line(key string, s child.Stream, line []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	to := p.stdout
	if s == child.Stderr {
		to = p.stderr
	}
	var whole []byte
	if p.tag {
		whole = append(whole, key+"\t"...)
	}
	whole = append(whole, line...)
	if len(line) > 0 && line[len(line)-1] != '\n' {
		whole = append(whole, '\n')
	}
	if p.failed == nil {
		_, p.failed = to.Write(whole)
	}
}

// close prints what waited for items that will not come.
func (p *printer) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, seq := range p.waiting {
		if out, ok := p.ended[seq]; ok {
			p.write(out) //nolint:errcheck // p.failed has it
		}
	}
	p.waiting, p.ended = nil, map[int]printed{}
	return p.failed
}

// tagged begins each line with a tag, and ends the last one.
type tagged struct {
	w    io.Writer
	tag  []byte
	open bool // a line has begun
}

func (t *tagged) Write(b []byte) (int, error) {
	var out []byte
	for rest := b; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if !t.open {
			out = append(out, t.tag...)
		}
		out = append(out, line...)
		if t.open = !whole; whole {
			out = append(out, '\n')
		}
		rest = after
	}
	if _, err := t.w.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (t *tagged) end() {
	if t.open {
		t.w.Write([]byte("\n")) //nolint:errcheck // the text before it was written
	}
}

// text is something printed that is in memory.
type text []byte

func (t text) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t)
	return int64(n), err
}
