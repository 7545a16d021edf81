package lines

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"time"
)

const (
	small     = 4096 // bytes: an empty pipe takes as many at once, everywhere
	stallTime = 2 * time.Second
	settle    = 20 * time.Millisecond
	lateWrite = time.Second
)

var (
	errUnread  = errors.New("the program ended before it read the item")
	errTimeout = errors.New("no answer in time")
)

// endOfOutput is what a reader finds in place of an answer.
type endOfOutput struct {
	partial []byte // a line without its end
	unread  bool   // no byte of the item was read
}

func (*endOfOutput) Error() string { return "the program ended" }

// exchange sends a line and reads the line that answers it. Its errors are
// *endOfOutput, errTimeout, *AnswerError and *FailedError.
func (b *Body) exchange(p *proc, line []byte, deadline time.Time) ([]byte, error) {
	p.writeUntil(deadline)
	sent := p.send(line)
	for {
		text, err := b.readLine(p, deadline)
		if err != nil {
			return nil, b.unanswered(p, err, sent)
		}
		answer, err := b.answer(text)
		if errors.Is(err, errStale) {
			b.cfg.Notice(b.worker, b.surplus(p, text))
			continue
		}
		if !isAnswer(err) {
			return nil, err
		}
		if e := b.whole(p, line, sent); e != nil {
			return nil, e
		}
		return answer, err
	}
}

// sending is how far a line got.
type sending struct {
	n   int
	err error
}

// send writes the line. A long one is written while its answer is read: a
// program may answer as it reads, and neither side must wait for the other.
func (p *proc) send(line []byte) <-chan sending {
	sent := make(chan sending, 1)
	write := func() {
		n, err := p.in.Write(line)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			p.leave() // nobody reads there, and an item that wasn't read has no answer
		}
		sent <- sending{n, err}
	}
	if len(line) <= small {
		write()
	} else {
		go write()
	}
	return sent
}

// whole makes sure that an answer in hand is one to the whole item, as far as
// that can be known, and that nothing came after it.
func (b *Body) whole(p *proc, line []byte, sent <-chan sending) error {
	p.writeUntil(time.Now().Add(lateWrite))
	s := <-sent
	switch {
	case errors.Is(s.err, os.ErrDeadlineExceeded) && !p.over():
		return &AnswerError{Prog: b.pool.name, Problem: "answered before it had read the whole item"}
	case s.err != nil: // it ended or closed its input: the answer is good, but the last one
		return nil
	}
	if b.cfg.JSON {
		return nil // the id has said it all
	}
	if unread(p.in) > 0 {
		return &AnswerError{Prog: b.pool.name, Problem: "wrote a line before it had read the item: in text mode its output is for answers only, and everything else goes to stderr"}
	}
	if p.answers == 0 {
		p.settle()
	}
	if rest := p.ahead(); len(rest) > 0 {
		return &AnswerError{Prog: b.pool.name, Problem: "answered with more than one line (" + quote(string(rest)) + " came after the first): one line per item, everything else to stderr, or use --lines-json"}
	}
	return nil
}

// unanswered looks how much of the item was read.
func (b *Body) unanswered(p *proc, err error, sent <-chan sending) error {
	var end *endOfOutput
	if !errors.As(err, &end) {
		return err
	}
	p.writeUntil(time.Unix(1, 0))
	s := <-sent
	end.unread = len(end.partial) == 0 && (s.n == 0 || unread(p.in) >= s.n)
	return end
}

// readLine returns a line, with its "\n".
func (b *Body) readLine(p *proc, deadline time.Time) ([]byte, error) {
	var line []byte
	ended := false
	phase := time.Now().Add(b.pool.patience)
	for {
		until := phase
		if !deadline.IsZero() && (phase.IsZero() || deadline.Before(phase)) {
			until = deadline
		}
		p.readUntil(until)
		chunk, err := p.r.ReadSlice('\n')
		line = append(line, chunk...)
		switch {
		case len(bytes.TrimRight(line, "\r\n")) > b.cfg.MaxLine:
			return nil, &AnswerError{Prog: b.pool.name, Problem: "answered with a line that is too long: more than " + size(b.cfg.MaxLine)}
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case !errors.Is(err, os.ErrDeadlineExceeded) || ended:
			return nil, &endOfOutput{partial: line}
		case p.hurried() || !deadline.IsZero() && !time.Now().Before(deadline):
			return nil, errTimeout
		case p.over():
			ended = true // what was in the pipe is read once more
		default:
			phase = time.Time{}
			b.noteStall(p)
		}
	}
}

// noteStall says once, while there is time, what a timeout would say.
func (b *Body) noteStall(p *proc) {
	if hint := b.flushHint(p); hint != "" && !b.pool.stalled.Swap(true) {
		b.cfg.Notice(b.worker, &StallError{Prog: b.pool.name, After: b.pool.patience, Hint: hint})
	}
}

// ahead is what the process wrote beyond its answers, or the beginning of it.
// It doesn't wait.
func (p *proc) ahead() []byte {
	if p.r.Buffered() == 0 {
		if unread(p.out) <= 0 {
			return nil
		}
		p.readUntil(time.Time{})
		if _, err := p.r.Peek(1); err != nil {
			return nil
		}
	}
	rest, _ := p.r.Peek(min(p.r.Buffered(), maxRest))
	return bytes.Clone(rest)
}

// settle waits, after the first answer of a process, until it asks for the next
// line, for a moment at most. A program that greets on its output, or answers
// with two lines, is found out here rather than when all answers have shifted.
func (p *proc) settle() {
	tick := time.NewTicker(settle / 20)
	defer tick.Stop()
	for end := time.Now().Add(settle); time.Now().Before(end) && !p.asks(); {
		select {
		case <-p.gone:
			return
		case <-tick.C:
		}
	}
}
