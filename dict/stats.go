package dict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/dictwatch"
	"parfor.dev/parfor/internal/writeset"
	"parfor.dev/parfor/observe"
)

// Stats counts what has happened to a dictionary, in the process that owns it,
// since it was made. Several operations of one task on one key that come to the
// same as one are counted as one.
type Stats struct {
	Name string // full name

	Commits   int64 // that changed it; a call outside tasks is one
	Sets      int64 // operations committed: Set, SetMany, Update
	Deletes   int64
	Adds      int64
	Others    int64 // Max, Min, Append, SetDefault, Insert, Merge, Compute, Claim, Clear
	Conflicts int64 // attempts that did not commit, or failed, as what they had read here had changed
	Reads     int64 // Gets of tasks in this process; calls outside tasks are not counted
	Received  int64 // bytes of committed operations that came from worker processes
	Asked     Asked // round trips of worker processes

	Entries int
	Memory  int64 // bytes of the entries, where keys and values are numbers; else 0: not known

	Hot []observe.HotKey // keys with most conflicts, then most writes; see [Dict.HotKeys]
}

// Operations is how many operations were committed.
func (s Stats) Operations() int64 { return s.Sets + s.Deletes + s.Adds + s.Others }

// Asked counts the questions of worker processes by what they asked for.
type Asked struct{ Gets, GetManys, Lens, Snapshots, Claims, Others int64 }

// Total is how many they were.
func (a Asked) Total() int64 {
	return a.Gets + a.GetManys + a.Lens + a.Snapshots + a.Claims + a.Others
}

// HotKey is a key of which there were many conflicts or writes. Both numbers
// are estimates that don't exaggerate; writes are counted in 1 of 64 commits.
type HotKey[K comparable] struct {
	Key       K
	Conflicts int64
	Writes    int64
}

// maxHot is how many hot keys there are in Stats.
const maxHot = 8

// ShowKeys allows the dictionary's hot keys to be shown to those who watch
// loops: in receipts, on dashboards, in logs. Default: only how many they are,
// as keys may be secrets.
func ShowKeys() Option { return func(o *options) error { o.show = true; return nil } }

// Stats returns the counters. While commits run they may be some commits apart
// from each other. It locks one shard after the other for some nanoseconds
// each, together about 20 µs. In a worker process there is nothing but the
// name.
func (d *Dict[K, V]) Stats() Stats {
	if d == nil || d.c == nil {
		return Stats{}
	}
	s, _ := d.c.stats()
	return s
}

// AllStats returns the counters of all named dictionaries that have been used,
// by name.
func AllStats() []Stats { return allStats(func(id uint64) bool { return !writeset.IsAnonymous(id) }) }

// SharedMemory is how many bytes of memory the program's dictionaries share with
// its worker processes now.
func SharedMemory() int64 { return int64(arena.ProgramUsed()) }

// HotKeys returns the keys with most conflicts, and then those with most
// writes, at most 64 of each.
func (d *Dict[K, V]) HotKeys() []HotKey[K] {
	if d == nil || d.c == nil {
		return nil
	}
	t := d.c.state.Load()
	if t == nil {
		return nil
	}
	return t.counts.hotKeys()
}

func (c *counts[K]) hotKeys() (hs []HotKey[K]) {
	at := map[K]int{}
	for _, h := range c.contended.list() {
		at[h.key] = len(hs)
		hs = append(hs, HotKey[K]{Key: h.key, Conflicts: h.n - h.err})
	}
	for _, h := range c.written.list() {
		i, known := at[h.key]
		if !known {
			i = len(hs)
			hs = append(hs, HotKey[K]{Key: h.key})
		}
		hs[i].Writes = (h.n - h.err) << sampleShift
	}
	slices.SortStableFunc(hs, func(a, b HotKey[K]) int {
		return cmp.Or(cmp.Compare(b.Conflicts, a.Conflicts), cmp.Compare(b.Writes, a.Writes))
	})
	return hs
}

// stats also says whether the dictionary has been used.
func (c *core[K, V]) stats() (s Stats, used bool) {
	s.Name = c.name
	a := &c.asked
	s.Asked = Asked{a[askGet].Load(), a[askMany].Load(), a[askSize].Load(), a[askAll].Load(), a[askClaim].Load(),
		a[0].Load() + a[askUnclaim].Load() + a[askShare].Load() + a[questions-1].Load()}
	t := c.state.Load()
	if t == nil {
		return s, s.Asked.Total() > 0
	}
	received := t.counts.received.Load()
	for i := range t.len() {
		t.lock(i)
		y := t.tally(i)
		s.Commits += int64(y.Commits)
		s.Sets += int64(y.Sets)
		s.Deletes += int64(y.Deletes)
		s.Adds += int64(y.Adds)
		s.Others += int64(y.Others)
		s.Entries += t.count(i)
		if received != nil {
			s.Received += int64(received[i])
		}
		if t.words != nil {
			s.Memory += int64(t.words.Bytes(i))
		}
		t.unlock(i)
	}
	s.Conflicts = t.counts.conflicts.Load()
	for i := range t.counts.reads {
		s.Reads += t.counts.reads[i].Load()
	}
	hs := t.counts.hotKeys()
	for _, h := range hs[:min(len(hs), maxHot)] {
		x := observe.HotKey{Hash: t.hash(h.Key), Conflicts: h.Conflicts, Writes: h.Writes}
		if c.show {
			x.Key = fmt.Sprint(h.Key)
		}
		s.Hot = append(s.Hot, x)
	}
	return s, true
}

// stats of a Live are not kept.
func (c *liveCore[K, V]) stats() (Stats, bool) { return Stats{}, false }

func allStats(want func(id uint64) bool) (all []Stats) {
	for _, st := range writeset.All() {
		c, ok := st.(interface{ stats() (Stats, bool) })
		if !ok || !want(st.ID()) {
			continue
		}
		if s, used := c.stats(); used {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Stats) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func init() {
	dictwatch.Read = func() (ds []observe.Dict) {
		for _, s := range allStats(func(uint64) bool { return true }) {
			ds = append(ds, observe.Dict{
				Name: s.Name, Commits: s.Commits, Sets: s.Sets, Deletes: s.Deletes, Adds: s.Adds, Others: s.Others,
				Conflicts: s.Conflicts, Reads: s.Reads, Entries: s.Entries, Memory: s.Memory, Received: s.Received, Asked: s.Asked.Total(), Hot: s.Hot,
			})
		}
		return ds
	}
}
