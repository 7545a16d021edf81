package oracle

import (
	"context"
)

// ledger is a table, its types erased.
type ledger interface {
	// step replays a step of the task, which is the newest commit.
	step(t *replayed, s *step) error
	// sighted checks reads of one moment that the commit doesn't depend on.
	sighted(t *replayed, reads []step) error
	// commit ends the replay of a task.
	commit(t *replayed)
	// end compares the table with the dictionary.
	end(ctx context.Context) error
}

// table is what a dictionary must hold, and what it held.
type table[K comparable, V any] struct {
	*subject[K, V]
	now     map[int64]V
	was     map[int64]*past
	touched []int64
	wiped   bool // by the task that is replayed
}

func (x *subject[K, V]) table() ledger {
	return &table[K, V]{subject: x, now: map[int64]V{}, was: map[int64]*past{}}
}

func (t *table[K, V]) put(k int64, v V) { t.now[k] = v }

func (t *table[K, V]) step(by *replayed, s *step) error {
	if s.Kind >= lastWrite {
		return t.read(by, s)
	}
	switch {
	case s.Kind == claim && by.claimed(s):
		return nil // it had the key: it is told so, and nothing else happens
	case s.Kind == wipe:
		for k := range t.now {
			t.touched = append(t.touched, k)
		}
		clear(t.now)
		t.wiped = true
		return nil
	case !s.writes():
		return nil
	}
	t.touched = append(t.touched, s.Key)
	now, there := t.now[s.Key]
	v := t.value(s.Val)
	if there {
		return t.change(s, now, v)
	}
	switch s.Kind {
	case remove:
	case turn:
		return t.turned(s, now, false)
	case addGet:
		t.put(s.Key, v)
		return t.told(s, v)
	case claim:
		var zero V
		t.put(s.Key, zero)
	default:
		t.put(s.Key, v)
	}
	return nil
}

// change replays a step on a key that is there.
func (t *table[K, V]) change(s *step, now, v V) error {
	switch s.Kind {
	case set:
		t.put(s.Key, v)
	case remove:
		delete(t.now, s.Key)
	case add:
		t.put(s.Key, t.plus(now, v))
	case addGet:
		t.put(s.Key, t.plus(now, v))
		return t.told(s, t.plus(now, v))
	case highest:
		if t.less(now, v) {
			t.put(s.Key, v)
		}
	case lowest:
		if t.less(v, now) {
			t.put(s.Key, v)
		}
	case join:
		t.put(s.Key, t.subject.join(now, v))
	case mix:
		t.put(s.Key, t.mix(now, v))
	case turn:
		return t.turned(s, now, true)
	case insert:
		return violation("%s: an Insert was committed, and its key is there: %d", t.where(s), t.tell(now))
	case claim:
		return violation("%s: a Claim was committed, and its key is there: %d", t.where(s), t.tell(now))
	}
	return nil
}

func (t *table[K, V]) turned(s *step, now V, there bool) error {
	v, ok := t.turn(now, there, s.Val)
	if truth(ok) != s.OK || ok && t.tell(v) != s.Seen {
		return violation("%s: a Compute told %d, %v; in the order of the commits it is %d, %v", t.where(s), s.Seen, s.OK == 1, t.tell(v), ok)
	}
	if ok {
		t.put(s.Key, v)
	} else {
		delete(t.now, s.Key)
	}
	return nil
}

func (t *table[K, V]) told(s *step, v V) error {
	if t.tell(v) != s.Seen {
		return violation("%s: the sum was told as %d, in the order of the commits it is %d", t.where(s), s.Seen, t.tell(v))
	}
	return nil
}

// read checks a read that the commit depends on; of others, a while back will
// do.
func (t *table[K, V]) read(by *replayed, s *step) error {
	switch s.Kind {
	case size:
		if s.Seen != int64(len(t.now)) {
			return violation("%s: the size was read as %d, in the order of the commits it is %d", t.where(s), s.Seen, len(t.now))
		}
		return nil
	case whole:
		m := map[K]V{}
		for k, v := range t.now {
			m[t.key(k)] = v
		}
		if s.Seen != t.sum(m) {
			return violation("%s: a snapshot is not what is there in the order of the commits", t.where(s))
		}
		return nil
	}
	if !t.bound(by, s) {
		return t.sighted(by, []step{*s})
	}
	by.count.exact++
	v, ok := t.now[s.Key]
	if truth(ok) != s.OK || ok && s.Kind == get && t.tell(v) != s.Seen {
		told := int64(0)
		if ok {
			told = t.tell(v)
		}
		return violation("%s: it was read as %d, %v; in the order of the commits it is %d, %v", t.where(s), s.Seen, s.OK == 1, told, ok)
	}
	return nil
}

// bound reports whether the commit depends on a read: its task wrote the key,
// too, or emptied the dictionary before, or every read counts.
func (t *table[K, V]) bound(by *replayed, s *step) bool {
	return by.strict || t.wiped || by.wrote(t.id, s.Key)
}

func (t *table[K, V]) sighted(by *replayed, reads []step) error {
	if by.number-by.reports > horizon {
		by.count.skipped += len(reads)
		return nil
	}
	moments := []span{{0, forever}}
	if len(reads) == 1 { // a key never goes back
		moments[0].from = by.floor(&reads[0])
	}
	for i := range reads {
		s := &reads[i]
		if t.bound(by, s) {
			continue
		}
		p := t.was[s.Key]
		if p == nil {
			p = &past{}
		}
		moments = common(moments, p.spans(nil, s, by.reports))
		if len(moments) == 0 {
			return violation("%s: it was read as %d, %v, with %d other keys: there was no such moment since the task was taken; now it is %d, %v",
				t.where(s), s.Seen, s.OK == 1, len(reads)-1, p.now().told, p.now().ok)
		}
		by.count.loose++
	}
	if len(reads) == 1 {
		by.seen(&reads[0], moments[0].from)
	}
	return nil
}

func (t *table[K, V]) commit(by *replayed) {
	for _, k := range t.touched {
		v := version{from: by.commit, by: by.number}
		if now, ok := t.now[k]; ok {
			v.told, v.ok = t.tell(now), true
		}
		p := t.was[k]
		if p == nil {
			p = &past{}
			t.was[k] = p
		}
		p.add(v)
	}
	t.touched, t.wiped = t.touched[:0], false
}

func (t *table[K, V]) end(ctx context.Context) error {
	have, err := t.d.Snapshot(ctx)
	if err != nil {
		return err
	}
	for k, v := range t.now {
		if w, ok := have[t.key(k)]; !ok || t.tell(w) != t.tell(v) {
			return violation("%s: key %d is %v, %v at the end; it should be %v", t.d.Name(), k, w, ok, v)
		}
	}
	if len(have) != len(t.now) {
		return violation("%s: %d entries at the end, it should be %d", t.d.Name(), len(have), len(t.now))
	}
	return nil
}
