package parfor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// keptFailures bounds how many failures a LoopError holds.
const keptFailures = 100

// LoopError says that a loop did not do all it was asked. Its text groups like
// failures and shows indexes, never inputs. errors.Is and errors.As look at
// the kept failures in the order of their indexes, then at Cause.
type LoopError struct {
	Total  int          // items of the loop, -1 if its source did not end
	Failed int          // items that failed for good
	First  []*TaskError // the failures with the lowest indexes, at most 100
	Cause  error        // what ended the loop early besides a failed item: cancel, deadline, source, executor
	// SourceBlocked says that the source had not returned when the loop ended:
	// it is not waited for, and its goroutine ends when it does.
	SourceBlocked bool

	groups []failureGroup
	done   func(int) bool
}

// Done reports whether item i was finished: its result is in place, and its
// dictionary writes are committed.
func (e *LoopError) Done(i int) bool { return e.done != nil && i >= 0 && e.done(i) }

// Unwrap lists the kept failures, lowest index first, then the cause.
func (e *LoopError) Unwrap() []error {
	errs := make([]error, 0, len(e.First)+1)
	for _, t := range e.First {
		errs = append(errs, t)
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}

func (e *LoopError) Error() string {
	var parts []string
	switch {
	case e.Failed == 1:
		parts = append(parts, trimPrefix(e.First[0].Error()))
	case e.Failed > 1:
		parts = append(parts, e.summary())
	}
	if e.Cause != nil {
		parts = append(parts, "loop ended early: "+trimPrefix(textOf(e.Cause)))
	}
	if e.SourceBlocked {
		parts = append(parts, "its source has not returned and was left")
	}
	return "parfor: " + strings.Join(parts, "; ")
}

func trimPrefix(s string) string { return strings.TrimPrefix(s, "parfor: ") }

// summary reads like: 37 of 10000 failed: connection refused ×35 (items 17, 230, 411 …); EOF ×2 (items 3, 9)
func (e *LoopError) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d ", e.Failed)
	if e.Total >= 0 {
		fmt.Fprintf(&b, "of %d ", e.Total)
	}
	b.WriteString("failed: ")
	for i, g := range e.groups {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s ×%d (%s", g.text, g.count, plural(g.items))
		if g.count > len(g.items) {
			b.WriteString(" …")
		}
		b.WriteString(")")
	}
	return b.String()
}

func plural(items []int) string {
	s := "item "
	if len(items) > 1 {
		s = "items "
	}
	for i, n := range items {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprint(n)
	}
	return s
}

// Failed returns the failures a loop's error holds, by index: all of them up
// to 100, then those with the lowest indexes. It is nil for other errors.
func Failed(err error) map[int]error {
	var le *LoopError
	if !errors.As(err, &le) || len(le.First) == 0 {
		return nil
	}
	m := make(map[int]error, len(le.First))
	for _, t := range le.First {
		m[t.Index] = t.Err
	}
	return m
}

// failureGroup counts failures whose texts differ in numbers only.
type failureGroup struct {
	key   string
	text  string // of the first
	count int
	items []int // the first three
}

const keptGroups = 16

// failures collects what went wrong, in bounded memory but for one bit an item.
type failures struct {
	count  int
	first  []*TaskError // sorted by index
	set    indexSet
	groups []failureGroup
}

func (f *failures) add(t *TaskError) {
	f.count++
	f.set.add(t.Index)
	at, _ := slices.BinarySearchFunc(f.first, t, func(a, b *TaskError) int { return a.Index - b.Index })
	if at < keptFailures {
		f.first = slices.Insert(f.first, at, t)
		f.first = f.first[:min(len(f.first), keptFailures)]
	}
	f.group(t)
}

// takeAll returns the indexes of all failed items, in order, and forgets them.
func (f *failures) takeAll() (all []int) {
	for i := range f.set.each {
		all = append(all, i)
	}
	*f = failures{}
	return all
}

func (f *failures) group(t *TaskError) {
	text := "no error text"
	if t.Err != nil {
		text, _, _ = strings.Cut(trimPrefix(textOf(t.Err)), "\n")
	}
	key := numberless(text)
	for i := range f.groups {
		g := &f.groups[i]
		if g.key == key || i == keptGroups-1 {
			g.count++
			if g.key != key {
				g.text = "others"
			}
			if len(g.items) < 3 {
				g.items = append(g.items, t.Index)
			}
			return
		}
	}
	f.groups = append(f.groups, failureGroup{key: key, text: text, count: 1, items: []int{t.Index}})
}

// numberless replaces each run of digits, so that "port 4711" and "port 4712"
// are one group.
func numberless(s string) string {
	var b strings.Builder
	digits := false
	for _, r := range s {
		if r >= '0' && r <= '9' {
			if !digits {
				b.WriteByte('#')
			}
			digits = true
			continue
		}
		digits = false
		b.WriteRune(r)
	}
	return b.String()
}
