package item

import (
	"errors"
	"iter"
	"math/bits"
	"sync/atomic"
)

// Source is where the items come from: one input, or several, multiplied or
// linked.
type Source struct {
	groups []*group // they are multiplied; the last one changes fastest
	names  []string // of all inputs in order; "": none
	used   atomic.Bool
	closed atomic.Bool
	read   atomic.Int64 // when all items were read: how many, and 1
}

// Schema is what is known of the items before they are read.
func (s *Source) Schema() Schema {
	var of []Schema
	for _, g := range s.groups {
		for _, in := range g.inputs {
			of = append(of, in.schema())
		}
	}
	return combined(s.names, of)
}

// All are the items, in order, once; after an error there are no more. Only one
// goroutine may go over them. One input is never in memory as a whole; of
// several that are multiplied all but the first are, and read before the first
// item comes.
func (s *Source) All() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		if s.used.Swap(true) {
			yield(Item{}, errors.New("the items were read already"))
			return
		}
		n, broken := 0, false
		err := s.each(func(it Item) bool {
			n++
			broken = s.closed.Load() || !yield(it, nil)
			return !broken
		})
		switch {
		case broken || s.closed.Load():
		case err != nil:
			yield(Item{}, err)
		default:
			s.read.Store(int64(n) + 1)
		}
	}
}

func (s *Source) each(yield func(Item) bool) error {
	if len(s.names) == 1 && s.names[0] == "" {
		return s.groups[0].inputs[0].each(yield)
	}
	kept := make([][][]Item, len(s.groups))
	for i, g := range s.groups[1:] {
		all, err := g.keep()
		if err != nil {
			return err
		}
		kept[i+1] = all
	}
	seq := 0
	give := func(parts []Item) bool {
		seq++
		it := combine(s.names, parts)
		it.Seq = seq
		return yield(it)
	}
	return s.groups[0].each(func(first []Item) bool {
		return product(first[:len(first):len(first)], kept[1:], give)
	})
}

// product hands out what was chosen so far with every choice of the rest.
func product(chosen []Item, rest [][][]Item, yield func([]Item) bool) bool {
	if len(rest) == 0 {
		return yield(chosen)
	}
	for _, parts := range rest[0] {
		// A full slice each time: items keep theirs.
		if !product(append(chosen[:len(chosen):len(chosen)], parts...), rest[1:], yield) {
			return false
		}
	}
	return true
}

// Total is how many items there are, if that is known by now: at once for
// ranges and literals, some time after the first call for regular files, which
// are counted meanwhile; when all is read for everything else. It doesn't wait,
// and may be called while All goes on.
func (s *Source) Total() (n int, known bool) {
	if read := s.read.Load(); read > 0 {
		return int(read - 1), true
	}
	product := uint64(1)
	known = true
	for _, g := range s.groups { // all of them, so that all begin to count
		n, ok := g.total()
		over, low := bits.Mul64(product, uint64(n))
		product, known = low, known && ok && over == 0 && int64(low) >= 0
	}
	if !known {
		return 0, false
	}
	return int(product), true
}

// Close ends what All and the counting still do, waits for the counting, and
// closes the files. It may be called at any time and more than once; a loop
// over All that waits for input ends without an error, except where standard
// input is not a file or the system can't stop waiting for it.
func (s *Source) Close() error {
	s.closed.Store(true)
	for _, g := range s.groups {
		for _, in := range g.inputs {
			in.stop()
		}
	}
	return nil
}
