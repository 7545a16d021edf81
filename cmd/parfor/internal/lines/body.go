package lines

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// Body is one worker's program. Its methods are for one goroutine at a time.
type Body struct {
	pool   *Pool
	cfg    *Config
	worker int

	proc      *proc
	id        int64  // of the item in hand, in JSON mode
	last      string // the item that proc answered last, for errors
	fruitless int    // starts in a row without an answer
}

// Do sends one item and returns its answer: in text mode the line without its
// "\n" or "\r\n", in JSON mode the value. The answer is the caller's.
//
// It starts the program if it isn't running. An item that the program ended
// without reading a byte of is given to the next process, for nobody has
// touched it; from then on the program's end is the item's failure, and the next
// item starts another. Errors: *[ItemError] (nothing was sent), *[DeathError],
// *[TimeoutError], *[AnswerError], *[FailedError] (the program's own word, JSON
// only), *[BrokenError], and the context's error. After a timeout, a cancelled
// context or a wrong answer Do returns when the program has ended, which takes
// up to Grace, and the rest of its process group was sent KILL.
func (b *Body) Do(ctx context.Context, v item.Value) ([]byte, error) {
	b.id++
	line, err := request(b.cfg.JSON, b.id, v)
	if err != nil {
		return nil, err
	}
	var deadline time.Time
	if b.cfg.Timeout > 0 {
		deadline = time.Now().Add(b.cfg.Timeout)
	}
	for {
		if err := b.ready(ctx); err != nil {
			return nil, err
		}
		answer, err := b.ask(ctx, line, deadline)
		if isAnswer(err) {
			b.last = v.Text
		}
		if !errors.Is(err, errUnread) {
			return answer, err
		}
	}
}

// Close ends the program: the end of its input, TERM after Grace, KILL after
// another. It returns when the program has ended; what is left of its process
// group was sent KILL. Its error is a *[SurplusError], if the program had more to
// say than it was asked. A Do after Close starts the program again.
func (b *Body) Close() error {
	if b.proc == nil {
		return nil
	}
	p := b.proc
	b.proc = nil
	rest := p.end(b.cfg.Grace)
	if len(rest) == 0 {
		return nil
	}
	return b.surplus(p, rest)
}

// ready makes sure of a process that has nothing left to say.
func (b *Body) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p := b.proc; p != nil {
		if rest := p.ahead(); len(rest) > 0 {
			b.drop()
			b.cfg.Notice(b.worker, b.surplus(p, rest))
		} else if p.over() {
			if err := b.ended(); err != nil {
				return err
			}
		}
	}
	for b.proc == nil {
		if err := b.pool.Err(); err != nil {
			return err
		}
		p, err := start(b.cfg, b.worker)
		if err == nil {
			b.proc = p
			break
		}
		if broken := b.unfruitful(fmt.Errorf("%s doesn't start: %w", b.pool.name, err), nil); broken != nil {
			return broken
		}
	}
	return nil
}

// ask sends the item to the process and turns what went wrong into an error.
func (b *Body) ask(ctx context.Context, line []byte, deadline time.Time) ([]byte, error) {
	p := b.proc
	stop := context.AfterFunc(ctx, p.hurry)
	answer, err := b.exchange(p, line, deadline)
	answered := isAnswer(err)
	if !stop() { // the pipes have been told not to wait any more
		b.drop()
		if !answered {
			return nil, ctx.Err()
		}
	}
	if !answered {
		return b.failure(p, err)
	}
	b.credit(p)
	return answer, err
}

// credit counts an answer.
func (b *Body) credit(p *proc) {
	b.fruitless = 0
	b.pool.answered.Store(true)
	p.answers++
	p.tail.reset()
}

// failure ends the process and says what it was.
func (b *Body) failure(p *proc, cause error) ([]byte, error) {
	var end *endOfOutput
	var wrong *AnswerError
	switch {
	case errors.As(cause, &end):
		return b.died(p, end)
	case errors.As(cause, &wrong):
		b.drop()
		wrong.Stderr = p.tail.lines()
		if p.answers == 0 && !b.pool.answered.Load() {
			if broken := b.unfruitful(wrong, wrong.Stderr); broken != nil {
				return nil, broken
			}
		}
		return nil, wrong
	}
	hint := b.hint(p)
	b.drop()
	return nil, &TimeoutError{Prog: b.pool.name, After: b.cfg.Timeout, Hint: hint, Stderr: p.tail.lines()}
}

// died is the end of a process, or of its output, where an answer was due.
func (b *Body) died(p *proc, end *endOfOutput) ([]byte, error) {
	b.proc = nil
	closed := "output"
	if p.over() {
		closed = "input"
	}
	p.end(max(b.cfg.Grace, leaveTime))
	stderr := p.tail.lines()
	var err error = &DeathError{Prog: b.pool.name, Code: p.ended.code, Signal: p.ended.signal, Partial: len(end.partial), Stderr: stderr}
	if p.ended.killed {
		err = &AnswerError{Prog: b.pool.name, Problem: "closed its " + closed + " without an answer", Stderr: stderr}
	} else if len(end.partial) > 0 && p.ended.code == 0 {
		// It ended well: its last line just lacks the newline.
		if answer, err := b.answer(end.partial); isAnswer(err) {
			b.credit(p)
			return answer, err
		}
	}
	if p.answers == 0 && (end.unread || !b.pool.answered.Load()) {
		if broken := b.unfruitful(err, stderr); broken != nil {
			return nil, broken
		}
	}
	if end.unread {
		return nil, errUnread
	}
	return nil, err
}

// ended buries a process that has ended while it had nothing to do.
func (b *Body) ended() error {
	p := b.proc
	b.proc = nil
	p.end(max(b.cfg.Grace, leaveTime))
	if p.answers > 0 {
		return nil
	}
	err := &DeathError{Prog: b.pool.name, Code: p.ended.code, Signal: p.ended.signal, Stderr: p.tail.lines()}
	if broken := b.unfruitful(err, err.Stderr); broken != nil {
		return broken
	}
	return nil
}

// unfruitful counts a start without an answer and gives up after too many.
func (b *Body) unfruitful(last error, stderr []string) error {
	if b.fruitless++; b.fruitless < b.cfg.MaxStarts {
		return nil
	}
	broken := &BrokenError{Prog: b.pool.name, Starts: b.fruitless, Last: last, Stderr: stderr}
	b.pool.broken.CompareAndSwap(nil, broken)
	return broken
}

func (b *Body) drop() {
	if b.proc != nil {
		b.proc.kill(b.cfg.Grace)
		b.proc = nil
	}
}

func (b *Body) surplus(p *proc, rest []byte) *SurplusError {
	return &SurplusError{Prog: b.pool.name, Item: b.last, Answers: p.answers, Text: string(rest), JSON: b.cfg.JSON}
}
