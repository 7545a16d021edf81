// Package output brings what jobs wrote to the terminal: standard output to
// standard output, standard error to standard error, and never one job's line
// inside another's.
//
// output.go has the printer, hold.go what waits for its turn under KeepOrder,
// stream.go lines as they come, tag.go lines with a key before them, sink.go
// the two ends and what may go wrong there.
//
// Without tags a job's output is written byte for byte. With them, and among
// lines as they come, a last line without a newline gets one: the next would
// else continue it.
package output

import (
	"cmp"
	"errors"
	"io"
	"os"
	"sync"
)

// DefaultMemory is what jobs may take in memory while they wait for their turn.
const DefaultMemory = 64 << 20

// Content is what one job wrote to one stream.
type Content interface {
	Len() int64
	Resident() int64 // bytes of memory it takes; below Len some is elsewhere
	io.WriterTo
	io.Closer
}

// Bytes is a content in memory.
type Bytes []byte

func (b Bytes) Len() int64      { return int64(len(b)) }
func (b Bytes) Resident() int64 { return int64(cap(b)) }
func (b Bytes) Close() error    { return nil }

func (b Bytes) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b)
	return int64(n), err
}

// Job is a finished job.
type Job struct {
	Seq            int // from 1, without gaps under KeepOrder
	Key            string
	Stdout, Stderr Content // nil: nothing
}

// Options are how a [Printer] prints.
type Options struct {
	Stdout, Stderr io.Writer // nil: the process's own
	KeepOrder      bool      // in the order of Seq, not as jobs finish
	Tag            bool      // each line begins with the job's key and a tab
	Memory         int64     // of jobs that wait for their turn; 0: DefaultMemory. More goes to one file.
	TempDir        string    // of that file, which has no name; "": os.TempDir
}

// Printer writes jobs' output. Many goroutines may call it at once; while one
// writes, and the terminal blocks, the others wait. The first error of an end is
// for good: nothing is written after it, to neither, and every call returns it.
type Printer struct {
	tag bool

	mu    sync.Mutex
	ends  [2]*sink // by child.Stream
	hold  *hold    // nil: as jobs finish
	lines stream
}

// New returns a printer. From then on a reader of the process's standard
// output that goes away is an error, [ErrClosed], not a signal that kills.
func New(o Options) *Printer {
	catchPipe()
	p := &Printer{tag: o.Tag}
	p.ends[0] = &sink{to: o.Stdout, name: "standard output"}
	p.ends[1] = &sink{to: o.Stderr, name: "standard error"}
	if o.Stdout == nil {
		p.ends[0].to = os.Stdout
	}
	if o.Stderr == nil {
		p.ends[1].to = os.Stderr
	}
	if o.KeepOrder {
		p.hold = newHold(cmp.Or(o.Memory, DefaultMemory), o.TempDir)
	}
	p.lines.init(&p.mu)
	return p
}

// Print writes a job's output, or holds it until it is its turn, and closes
// it. Standard output comes before standard error.
func (p *Printer) Print(j Job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines.wait(p, 0)
	if err := p.failed(); err != nil {
		return errors.Join(err, j.close())
	}
	if p.hold == nil {
		return p.write(j)
	}
	if err := p.hold.put(j); err != nil {
		return err
	}
	for {
		next, ok := p.hold.take()
		if !ok {
			return nil
		}
		if err := p.write(next); err != nil {
			return err
		}
	}
}

// Close writes what still waits for its turn, in order; of what came before
// that nothing is known. It doesn't close the two ends.
func (p *Printer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hold == nil {
		return p.failed()
	}
	err := p.failed()
	for _, j := range p.hold.rest() {
		if err == nil {
			err = p.write(j)
		} else {
			j.close()
		}
	}
	return errors.Join(err, p.hold.close())
}

// Written is how many bytes have been written to the two ends.
func (p *Printer) Written() (stdout, stderr int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ends[0].n, p.ends[1].n
}

func (p *Printer) failed() error { return cmp.Or(p.ends[0].err, p.ends[1].err) }

// write writes one job.
func (p *Printer) write(j Job) (err error) {
	for i, c := range []Content{j.Stdout, j.Stderr} {
		if err == nil && c != nil && c.Len() > 0 {
			err = p.content(p.ends[i], j.Key, c)
		}
	}
	return errors.Join(err, j.close())
}

func (p *Printer) content(to *sink, key string, c Content) error {
	var n int64
	var err error
	if p.tag {
		t := newTagger(to, key)
		n, err = c.WriteTo(t)
		err = cmp.Or(err, t.end())
	} else {
		n, err = c.WriteTo(to)
	}
	if err == nil && n != c.Len() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && to.err == nil { // it can't be read
		to.err = err
	}
	return err
}

func (j Job) close() error {
	var err error
	for _, c := range []Content{j.Stdout, j.Stderr} {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}
