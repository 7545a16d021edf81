package item

import (
	"fmt"
	"iter"
	"sync/atomic"
)

// group are inputs that go along with each other. They have to have the same
// length: a list that ends early and is begun again, or the rest of the longer
// one left out, would be a wrong result that nobody sees.
type group struct {
	inputs []input
	labels []string     // what errors call them
	kept   atomic.Int64 // once it is in memory: its length, and 1
}

// fits compares the lengths that are known without reading.
func (g *group) fits() error {
	first := -1
	var length int
	for i, in := range g.inputs {
		switch in.(type) {
		case *numbers, literals:
		default:
			continue
		}
		n, _ := in.total()
		if first < 0 {
			first, length = i, n
		}
		switch {
		case n < length:
			return fmt.Errorf("linked sources need the same length: %s has %s, %s has %d", g.labels[i], items(n), g.labels[first], length)
		case n > length:
			return fmt.Errorf("linked sources need the same length: %s has %s, %s has %d", g.labels[first], items(length), g.labels[i], n)
		}
	}
	return nil
}

func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

// each hands out an item of each input. That the lengths differ it finds when
// the shorter one has ended.
func (g *group) each(yield func(parts []Item) bool) error {
	others := make([]*pulled, len(g.inputs)-1)
	for i, in := range g.inputs[1:] {
		others[i] = pull(in)
		defer others[i].end()
	}
	var failed error
	n, broken := 0, false
	err := g.inputs[0].each(func(it Item) bool {
		parts := make([]Item, 1, len(g.inputs))
		parts[0] = it
		for i, other := range others {
			it, ok := other.next()
			if !ok {
				if failed = other.err; failed == nil {
					failed = g.shorter(i+1, n, 0)
				}
				return false
			}
			parts = append(parts, it)
		}
		n++
		broken = !yield(parts)
		return !broken
	})
	if err != nil || failed != nil || broken {
		return firstOf(err, failed)
	}
	for i, other := range others {
		if _, more := other.next(); more {
			return g.shorter(0, n, i+1)
		} else if other.err != nil {
			return other.err
		}
	}
	return nil
}

func (g *group) shorter(ended, n, other int) error {
	return fmt.Errorf("linked sources need the same length: %s has %s, %s has more", g.labels[ended], items(n), g.labels[other])
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// pulled is an input that is asked for its items.
type pulled struct {
	next func() (Item, bool)
	end  func()
	err  error // why there is no next one; nil: the end
}

func pull(in input) *pulled {
	p := &pulled{}
	p.next, p.end = iter.Pull(func(yield func(Item) bool) { p.err = in.each(yield) })
	return p
}

// keep reads all into memory.
func (g *group) keep() ([][]Item, error) {
	var all [][]Item
	err := g.each(func(parts []Item) bool {
		all = append(all, parts)
		return true
	})
	if err != nil {
		return nil, err
	}
	g.kept.Store(int64(len(all)) + 1)
	return all, nil
}

// total is the length of any of them: if they differ, that is an error anyway.
func (g *group) total() (n int, known bool) {
	if kept := g.kept.Load(); kept > 0 {
		return int(kept - 1), true
	}
	for _, in := range g.inputs {
		if count, ok := in.total(); ok {
			n, known = count, true
		}
	}
	return n, known
}
