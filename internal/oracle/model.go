package oracle

import (
	"context"
	"fmt"
)

// model replays tasks in the order of their commits, and holds them to what was
// reported before they began.
type model struct {
	strict  bool
	tables  []ledger
	next    uint64 // number of the next commit
	waiting map[uint64]*replayed
	reports int64  // results so far
	after   uint64 // highest commit number so far
	done    []bool // by item
	dones   int
	count   counts
}

// counts says how much there was to check.
type counts struct{ exact, loose, skipped int }

// replayed is a task that is to be replayed, or is.
type replayed struct {
	commit  uint64
	number  int64 // of its report
	reports int64 // how many there had been when it was taken
	index   int
	history history
	strict  bool
	steps   []step
	sights  []sighting
	count   *counts
}

// sighting is the version of a key that was read last.
type sighting struct {
	dict, key int64
	from      uint64
}

func newModel(next uint64, strict bool) *model {
	m := &model{next: next, strict: strict, waiting: map[uint64]*replayed{}}
	for _, x := range actors {
		m.tables = append(m.tables, x.table())
	}
	return m
}

// maxGap is how many commits may come before one that is missing.
const maxGap = 100_000

// add takes the result of a task, and replays it once all commits before it
// have come.
func (m *model) add(o *order, commit uint64, h history) error {
	if commit == 0 {
		return violation("item %d is reported as done, and has no commit", o.Index)
	}
	if commit < m.next || m.waiting[commit] != nil {
		return violation("commit %d comes twice: item %d", commit, o.Index)
	}
	if commit <= o.After {
		return violation("item %d is commit %d, and was taken when commit %d had been reported", o.Index, commit, o.After)
	}
	m.reports++
	m.after = max(m.after, commit)
	for len(m.done) <= o.Index {
		m.done = append(m.done, false)
	}
	m.done[o.Index] = true
	m.dones++
	m.waiting[commit] = &replayed{commit: commit, number: m.reports, reports: o.Reports, index: o.Index, history: h, strict: m.strict, count: &m.count}
	for t := m.waiting[m.next]; t != nil; t = m.waiting[m.next] {
		delete(m.waiting, m.next)
		if err := m.replay(t); err != nil {
			return fmt.Errorf("commit %d, item %d, which did %v: %w", t.commit, t.index, t.steps, err)
		}
		m.next++
	}
	if len(m.waiting) > maxGap {
		return violation("commit %d is missing: what is committed is not what is reported", m.next)
	}
	return nil
}

func (m *model) replay(t *replayed) error {
	t.steps = t.history.steps(nil)
	for i := 0; i < len(t.steps); i++ {
		s := &t.steps[i]
		switch s.Kind {
		case notYet:
			return violation("item %d was reported before the task was taken, and the task did not see it", s.Key)
		case unsealed:
			return violation("the context of a task that has ended still wrote")
		case many:
			reads := t.steps[i+1 : i+1+int(s.Val)]
			if err := m.tables[s.Dict].sighted(t, reads); err != nil {
				return err
			}
			// Those the commit depends on are checked as single ones, the others
			// once more as such.
		default:
			if err := m.tables[s.Dict].step(t, s); err != nil {
				return err
			}
		}
	}
	for _, l := range m.tables {
		l.commit(t)
	}
	return nil
}

// wrote reports whether the task wrote a key.
func (t *replayed) wrote(dict, key int64) bool {
	for i := range t.steps {
		if s := &t.steps[i]; s.Dict == dict && s.Key == key && s.writes() && s.Kind != wipe {
			return true
		}
	}
	return false
}

// claimed reports whether the task had claimed the key before the step.
func (t *replayed) claimed(before *step) bool {
	for i := range t.steps {
		switch s := &t.steps[i]; {
		case s == before:
			return false
		case s.Kind == claim && s.OK == 1 && s.Dict == before.Dict && s.Key == before.Key:
			return true
		}
	}
	return false
}

// floor is the commit from which on the task may see a key: what it saw before.
func (t *replayed) floor(s *step) uint64 {
	for _, x := range t.sights {
		if x.dict == s.Dict && x.key == s.Key {
			return x.from
		}
	}
	return 0
}

func (t *replayed) seen(s *step, from uint64) {
	for i := range t.sights {
		if x := &t.sights[i]; x.dict == s.Dict && x.key == s.Key {
			x.from = from
			return
		}
	}
	t.sights = append(t.sights, sighting{s.Dict, s.Key, from})
}

func (t *table[K, V]) where(s *step) string {
	return fmt.Sprintf("%s, key %d, %s", t.d.Name(), s.Key, kindNames[s.Kind])
}

// end compares the model with the dictionaries.
func (m *model) end(ctx context.Context, newest uint64) error {
	if len(m.waiting) > 0 || newest != m.next-1 {
		return violation("commit %d is missing at the end, the last one is %d: what is committed is not what is reported", m.next, newest)
	}
	for _, l := range m.tables {
		if err := l.end(ctx); err != nil {
			return err
		}
	}
	n := 0
	for i := range done.All(ctx) {
		if n++; i < 0 || i >= len(m.done) || !m.done[i] {
			return violation("item %d is committed, and was not reported as done", i)
		}
	}
	if n != m.dones {
		return violation("%d items are committed, %d were reported as done", n, m.dones)
	}
	return nil
}
