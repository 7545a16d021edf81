package writeset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"parfor.dev/parfor/internal/task"
)

// Changes are what commits make of dictionaries, true without what was there
// before: for each dictionary its id in 8 bytes and a part, with the length of
// that before it. A commit notes them in [task.Ticket.Changes].

// appendChanges appends those of one commit, whose parts are locked and admitted.
// Parts that are no [Recorder] (queues, leases) are left out.
func appendChanges(to *[]byte, parts []Part) error {
	dst := *to
	for _, p := range parts {
		r, ok := p.(Recorder)
		if !ok || !p.Changes() {
			continue
		}
		b, err := r.AppendOutcome(nil)
		if err != nil {
			return fmt.Errorf("dict: %s: %w", p.Store().Name(), err)
		}
		dst = appendBytes(binary.LittleEndian.AppendUint64(dst, p.Store().ID()), b)
	}
	*to = dst
	return nil
}

// Sum is what many changes come to. The zero value is none.
type Sum struct{ set Set }

// Add adds changes that come after all before. After an error the sum is of no
// use any more.
func (s *Sum) Add(b []byte) error {
	for r := Read(b); r.Len() > 0; {
		id := r.Uint64()
		from := Read(r.Take(r.Uvarint()))
		if r.Err() != nil {
			return r.Err()
		}
		st, err := Find(id)
		if err != nil {
			return err
		}
		p, err := st.Decode(from)
		if err == nil && from.Len() > 0 {
			err = errors.New("bytes after the end of a change")
		}
		if err != nil {
			return fmt.Errorf("dict: %s: %w", st.Name(), err)
		}
		kept := !slices.ContainsFunc(s.set.parts, func(o Part) bool { return o.Store() == st })
		p.MergeInto(&s.set)
		if !kept {
			p.Release()
		}
	}
	return s.set.err
}

// Append appends the sum, as changes.
func (s *Sum) Append(dst []byte) ([]byte, error) {
	for _, p := range s.set.parts {
		b, err := p.Append(nil)
		if err != nil {
			return dst, fmt.Errorf("dict: %s: %w", p.Store().Name(), err)
		}
		dst = appendBytes(binary.LittleEndian.AppendUint64(dst, p.Store().ID()), b)
	}
	return dst, nil
}

// Commit applies the sum to the dictionaries as one commit, and returns its
// number.
func (s *Sum) Commit() (uint64, error) {
	if s.set.err != nil {
		return 0, s.set.err
	}
	return Commit(s.set.parts, task.Ticket{})
}
