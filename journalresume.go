package parfor

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"

	"parfor.dev/parfor/internal/journalfile"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/observe"
)

// openJournal opens the loop's journal and restores the dictionaries that it
// has. After an error nothing has begun.
func (s *stream[In, Out]) openJournal() error {
	l, o := s.loop, &s.journaled
	if l.parent != nil {
		return fmt.Errorf("%w: Journal inside a task: what the loop's items did would count only if that task succeeds", ErrOption)
	}
	h, err := s.coding.header(l.config)
	if err != nil {
		return err
	}
	if s.keys, err = newItemKeys(o, s.coding.in); err != nil {
		return err
	}
	j := &journaling{path: o.path, fail: l.abort}
	open := journalfile.Options{Sync: o.sync}
	if task.OpenBook != nil {
		j.book = task.OpenBook(task.Records{Of: "the journal " + o.path, Ignores: o.ignores, Anew: "move the file away to begin anew",
			Instead: "say JournalIgnores if a resumed loop may find it as the program makes it"})
	}
	open.Replay = func(r *journalfile.Record) error {
		if r.Kind != journalfile.KindDone || len(r.Done.Writes) == 0 {
			return nil
		}
		if j.book == nil {
			return fmt.Errorf("%w: %s has writes to dictionaries, and this program has none", ErrJournalMismatch, o.path)
		}
		return j.book.Replay(r.Done.Commit, r.Done.Writes)
	}
	if j.Writer, err = journalfile.Open(o.path, h, open); err == nil && j.book != nil {
		if err = j.book.Restore(); err != nil {
			j.Writer.Close()
		}
	}
	if err != nil {
		if j.book != nil {
			j.book.Close()
		}
		return err
	}
	begun := j.Found().Header
	j.identity = binary.LittleEndian.AppendUint64([]byte(begun.Name), uint64(begun.Created.UnixNano()))
	l.journal, l.tasks.Journal = j, j.identity
	if !s.body.noOut {
		s.result = s.coding.out
	}
	return nil
}

// recall gives an item its key, and its result if the journal has one: then it
// has an attempt that decided it. Bad is why an item can have no key; the error
// is the journal's.
func (s *stream[In, Out]) recall(e *entry[In, Out]) (bad, err error) {
	key, bad := s.keys.next(e.in)
	if bad != nil {
		e.attempt = 1
		return bad, nil
	}
	e.note = &task.Note{Journal: s.journal, Key: key}
	d, known, err := s.journal.Lookup(key)
	if !known || err != nil {
		return nil, err
	}
	if !s.body.noOut {
		if e.out, err = s.result.Get(d.Result); err != nil {
			return nil, fmt.Errorf("parfor: the journal %s: the result with the key %v: %w", s.journal.path, key, err)
		}
	}
	s.keys.seen[key] = true
	e.attempt, e.commit, e.resumed = int(d.Attempts), d.Commit, true
	return nil, nil
}

// recalled reports an item that doesn't run. The lock is held.
func (s *stream[In, Out]) recalled(ref int32, bad error) {
	s.open++
	s.mu.Unlock()
	if bad == nil {
		s.journal.resumed.Add(1)
		s.meter.Skip(1)
	} else {
		s.meter.Shard(s.width).Count(0, 1, 0, 0)
	}
	s.report(ref, -1, bad) // no attempt
	s.mu.Lock()
}

// describe makes the record of a task that succeeded, but for its writes.
func (r *runner[In, Out]) describe(n *task.Note, attempt int, out Out) (err error) {
	n.Attempts = uint32(attempt)
	if r.encode == nil {
		return nil
	}
	if n.Result, err = r.encode.Put(nil, out); err != nil {
		return fmt.Errorf("parfor: the result of a journaled loop: %w", err)
	}
	return nil
}

// tellOfJournal warns of what is strange about the journal.
func (s *stream[In, Out]) tellOfJournal() {
	if f := s.journal.Found(); f.OtherBuild {
		s.warn("the journal was begun by another build of this program: if results mean something else now, change Version")
	}
}

// sumUpJournal says, once the input was seen, which items of the journal are not
// in it. Whole says that all of the input was.
func (s *stream[In, Out]) sumUpJournal(whole bool) {
	f := s.journal.Found()
	var gone []string
	if n := f.Items - len(s.keys.seen); whole && n > 0 {
		for _, k := range s.journal.Keys() {
			if !s.keys.seen[k] {
				gone = append(gone, k.String())
			}
		}
		slices.Sort(gone)
		s.warn(fmt.Sprintf("%d of %d items in the journal are not in the input any more", n, f.Items))
	}
	if r := s.journaled.report; r != nil {
		*r = Resumption{Fresh: f.Fresh, Resumed: int(s.journal.resumed.Load()), Gone: gone, Torn: f.Torn}
		if f.OtherBuild {
			r.OtherBuild = f.Header.Build
		}
	}
}

func (s *stream[In, Out]) warn(text string) {
	if !s.meter.Watched() {
		slog.Warn("parfor: "+text, "loop", s.name, "journal", s.journal.path)
		return
	}
	s.meter.Event(observe.Event{Kind: observe.Warning, Index: -1, Text: text + " (" + s.journal.path + ")"})
}
