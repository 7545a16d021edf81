package output

import (
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/child"
)

// stream is the state of lines as they come. A line that comes in pieces keeps
// others waiting until it is complete: its job owns both ends meanwhile, not
// one, or two jobs with a piece at each could wait for each other.
type stream struct {
	free  *sync.Cond
	owner int // Seq of the job in the middle of a line; 0: nobody
	open  [2]bool
}

func (s *stream) init(mu *sync.Mutex) { s.free = sync.NewCond(mu) }

// wait blocks while another job is in the middle of a line.
func (s *stream) wait(p *Printer, seq int) {
	for s.owner != 0 && s.owner != seq && p.failed() == nil {
		s.free.Wait()
	}
}

func (s *stream) set(end child.Stream, seq int, open bool) {
	if s.open[end] = open; open {
		s.owner = seq
	} else if !s.open[0] && !s.open[1] && s.owner != 0 {
		s.owner = 0
		s.free.Broadcast()
	}
}

// Line writes a line as it comes, see [child.Command.Live]. One without its
// newline is a piece: other jobs' lines wait for its end, which [Printer.End]
// is at the latest. Lines of one job come one after the other.
func (p *Printer) Line(seq int, key string, end child.Stream, line []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines.wait(p, seq)
	if err := p.failed(); err != nil || len(line) == 0 {
		return err
	}
	if p.tag && !p.lines.open[end] {
		line = append([]byte(tagOf(key)), line...)
	}
	_, err := p.ends[end].Write(line)
	p.lines.set(end, seq, line[len(line)-1] != '\n')
	return p.unblock(err)
}

// End says that a job has no more lines. Call it for each job that called Line,
// or the others may wait for ever.
func (p *Printer) End(seq int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.failed()
	for i := range p.ends {
		if p.lines.owner == seq && p.lines.open[i] {
			if err == nil {
				_, err = p.ends[i].Write([]byte{'\n'})
			}
			p.lines.set(child.Stream(i), seq, false)
		}
	}
	return p.unblock(err)
}

// unblock lets those who wait see an error.
func (p *Printer) unblock(err error) error {
	if err != nil {
		p.lines.free.Broadcast()
	}
	return err
}
