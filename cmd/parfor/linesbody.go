package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"parfor.dev/parfor"

	"parfor.dev/parfor/cmd/parfor/internal/lines"
	"parfor.dev/parfor/cmd/parfor/internal/loop"
	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// linesBody gives items to programs that stay alive, one for each worker.
type linesBody struct {
	f    *runFlags
	s    *session
	args []string
	pool *lines.Pool

	mu     sync.Mutex
	bodies map[int]*lines.Body // by slot
}

func (b *linesBody) fingerprint() string {
	mode := "--lines"
	if b.f.linesJSON {
		mode = "--lines-json"
	}
	words := []string{mode, "--"}
	for _, a := range b.args {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

func (b *linesBody) prepareItem(w *loop.Work) error {
	w.Hash = hashOf([]string{w.Item.Whole.Text, b.fingerprint()})
	return nil
}

func (b *linesBody) show(w *loop.Work) string {
	return quote(w.Item.Whole.Text) + " | " + b.fingerprint()
}

func (b *linesBody) attempt(ctx context.Context, slot int, w *loop.Work) (rec record.Record, err error) {
	rec.Started = time.Now()
	answer, err := b.body(slot).Do(ctx, w.Item.Whole)
	rec.MS = millis(time.Since(rec.Started))
	w.Data = answer
	if err != nil {
		lines.Fail(&rec, err)
		var broken *lines.BrokenError
		if errors.As(err, &broken) { // the other items would fail with the same words
			b.s.cancel(&exitError{code: codeFailed, err: err})
		}
		return rec, err
	}
	rec.Status = record.OK
	switch {
	case b.f.linesJSON:
		rec.Body = json.RawMessage(answer)
	case utf8.Valid(answer):
		text := string(answer)
		rec.Output = &text
	default:
		rec.Base64 = answer
	}
	return rec, nil
}

// body is the program of a worker.
func (b *linesBody) body(slot int) *lines.Body {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bodies == nil {
		b.bodies = map[int]*lines.Body{}
	}
	if b.bodies[slot] == nil {
		b.bodies[slot] = b.pool.Body(slot)
	}
	return b.bodies[slot]
}

func (b *linesBody) workers() int { return 0 }

func (b *linesBody) print(w *loop.Work, rec record.Record) printed {
	if answer, ok := w.Data.([]byte); ok && rec.Status == record.OK {
		return printed{stdout: text(append(answer[:len(answer):len(answer)], '\n'))}
	}
	return printed{}
}

func (b *linesBody) options() []parfor.Option { return nil }

// closing ends the programs.
func (b *linesBody) closing() string {
	var ended sync.WaitGroup
	for _, body := range b.bodies {
		ended.Go(func() {
			if err := body.Close(); err != nil {
				b.notice(0, err)
			}
		})
	}
	ended.Wait()
	return ""
}

func (b *linesBody) said(worker int, line []byte) {
	if !b.f.quiet {
		fmt.Fprintf(b.s.stderr, "%s\n", line)
	}
}

// notice warns. What a program says without being asked may be the answer to
// another item: the run can't end as if all were well.
func (b *linesBody) notice(worker int, err error) {
	var surplus *lines.SurplusError
	if errors.As(err, &surplus) {
		b.s.doubtful.Store(true)
	}
	b.s.warn(err.Error())
}
