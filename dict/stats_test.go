package dict_test

import (
	"fmt"
	"sync"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// counted compares the counters with the truth.
func counted[K comparable, V any](t *testing.T, d *dict.Dict[K, V], want dict.Stats) {
	t.Helper()
	got := d.Stats()
	want.Name, want.Hot, want.Memory = got.Name, got.Hot, got.Memory
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestStatsCountOperations(t *testing.T) {
	d, e := fresh[int, int](t), fresh[string, string](t)
	counted(t, d, dict.Stats{})
	for i := range 10 { // outside tasks each call is a commit
		d.Set(bg, i, i)
		d.Add(bg, i, 1)
		e.Set(bg, fmt.Sprint(i), "v")
	}
	d.Delete(bg, 3)
	d.Max(bg, 4, 100)
	d.Update(bg, map[int]int{100: 1, 101: 2})
	e.Delete(bg, "7")
	counted(t, d, dict.Stats{Commits: 23, Sets: 12, Adds: 10, Deletes: 1, Others: 1, Entries: 11})
	counted(t, e, dict.Stats{Commits: 11, Sets: 10, Deletes: 1, Entries: 9})

	c := attempt(nil)
	for range 3 { // one operation, when it commits
		d.Add(c, 5, 1)
	}
	d.Get(c, 6)
	d.Get(c, 5)
	finish(t, c, true)
	c = attempt(nil)
	d.Set(c, 1, 1)
	d.Get(c, 6)
	finish(t, c, false) // leaves no operation, and has read
	c = attempt(nil)
	in := attempt(c)
	d.Get(in, 6)
	d.Clear(in)
	d.Set(in, 1, 1)
	finish(t, in, true)
	finish(t, c, true)
	counted(t, d, dict.Stats{Commits: 25, Sets: 13, Adds: 11, Deletes: 1, Others: 2, Reads: 4, Entries: 1})
	if d.Stats().Memory == 0 || e.Stats().Memory != 0 {
		t.Error("the memory of numbers is known, that of others is not")
	}
}

func TestStatsCountConflicts(t *testing.T) {
	d, shown := fresh[int, int](t), fresh[string, []int](t, dict.ShowKeys())
	conflict := func(write func(c *task.Ctx), meanwhile func(), ok bool) {
		t.Helper()
		c := attempt(nil)
		write(c)
		meanwhile()
		var body error
		if !ok {
			body = errFailed
		}
		if _, err := c.Finish(body); !isConflict(err) {
			t.Fatalf("no conflict: %v", err)
		}
	}
	for i := range 20 {
		conflict(func(c *task.Ctx) { d.Get(c, 7); d.Set(c, 7, 1) }, func() { d.Add(bg, 7, 1) }, i%2 == 0)
		conflict(func(c *task.Ctx) { shown.Get(c, "k"); shown.Set(c, "k", nil) }, func() { shown.Set(bg, "k", []int{i}) }, true)
	}
	conflict(func(c *task.Ctx) { d.Get(c, 8); d.Set(c, 8, 1) }, func() { d.Add(bg, 8, 1) }, true)
	counted(t, d, dict.Stats{Commits: 21, Adds: 21, Conflicts: 21, Reads: 21, Entries: 2})
	counted(t, shown, dict.Stats{Commits: 20, Sets: 20, Conflicts: 20, Reads: 20, Entries: 1})
	if hot := d.HotKeys(); hot[0].Key != 7 || hot[0].Conflicts != 20 || hot[1].Key != 8 || hot[1].Conflicts != 1 {
		t.Errorf("hot keys %+v", hot)
	}
	if hot := d.Stats().Hot; hot[0].Key != "" || hot[0].Conflicts != 20 || hot[0].Hash == 0 {
		t.Errorf("a key is shown, or none counted: %+v", hot)
	}
	if hot := shown.Stats().Hot; hot[0].Key != "k" || hot[0].Conflicts != 20 {
		t.Errorf("the key is not shown: %+v", hot)
	}
}

func isConflict(err error) bool {
	_, ok := err.(*task.Conflict)
	return ok
}

// TestStatsAreExactUnderLoad counts on many goroutines.
func TestStatsAreExactUnderLoad(t *testing.T) {
	d, e := fresh[int, int](t), fresh[int, []int](t)
	const workers, each = 8, 2000
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				d.Add(bg, i%10, 1)
				c := attempt(nil)
				d.Set(c, 100+w, i)
				e.Set(c, i%5, []int{i})
				c.Finish(nil)
				if i%100 == 0 {
					d.Stats()
				}
			}
		})
	}
	wg.Wait()
	counted(t, d, dict.Stats{Commits: 2 * workers * each, Adds: workers * each, Sets: workers * each, Entries: 10 + workers})
	counted(t, e, dict.Stats{Commits: workers * each, Sets: workers * each, Entries: 5})
}

// TestHotKeysFindsTheHotOnes writes one key in three, and many others.
func TestHotKeysFindsTheHotOnes(t *testing.T) {
	d := fresh[int, int](t)
	const n = 120_000
	for i := range n {
		k := i
		if i%3 == 0 {
			k = -1
		}
		d.Set(bg, k, i)
	}
	hot := d.HotKeys()
	if len(hot) == 0 || hot[0].Key != -1 || hot[0].Writes < n/5 || hot[0].Writes > n/2 {
		t.Errorf("hot keys %+v", hot[:min(len(hot), 3)])
	}
	if len(hot) > 64 {
		t.Errorf("%d keys are kept", len(hot))
	}
}

func TestStatsOfWorkers(t *testing.T) {
	defer writeset.Fresh()()
	workerCounts.Set(bg, "a", 1)
	before := workerCounts.Stats().Asked
	c := attempt(nil)
	asWorker(t, func() {
		workerCounts.Add(c, "a", 1)
		workerCounts.Set(c, "b", 1)
		workerCounts.Len(c)
		workerCounts.Snapshot(c)
		workerCounts.Snapshot(c)
		workerCounts.GetMany(c, "a")
		if ok, err := workerCounts.Claim(c, "c"); !ok || err != nil {
			t.Error(ok, err)
		}
		if s := workerCounts.Stats(); s.Name != workerCounts.Name() {
			t.Error(s)
		}
	})
	tx := c.Seal()
	b, err := tx.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := task.CommitEncoded(b, task.Ticket{Claims: c.Token}); err != nil {
		t.Fatal(err)
	}
	s := workerCounts.Stats()
	asked := s.Asked
	asked.Lens -= before.Lens
	asked.Snapshots -= before.Snapshots
	asked.GetManys -= before.GetManys
	asked.Claims -= before.Claims
	if asked.Lens != 1 || asked.Snapshots != 2 || asked.GetManys != 1 || asked.Claims != 1 {
		t.Errorf("asked %+v", asked)
	}
	const head = 1 + 1 + 8 // version, parts, the dictionary's id
	if s.Received != int64(len(b)-head) || s.Commits != 2 || s.Adds != 1 || s.Sets != 2 || s.Others != 1 {
		t.Errorf("%+v after %d bytes", s, len(b))
	}
	for _, x := range dict.AllStats() {
		if x.Name == workerCounts.Name() {
			return
		}
	}
	t.Error("AllStats has it not")
}
