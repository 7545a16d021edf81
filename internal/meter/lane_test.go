package meter_test

import (
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

// work runs one attempt of the given length in the bubble's time.
func work(s *meter.Shard, index int, d time.Duration, f observe.Flags) {
	start := meter.Now()
	s.Begin(index, 1, start)
	time.Sleep(d)
	s.Task(start, meter.Now()-start, index, 1, f)
}

func TestNeighboursMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(1, -1) // a pixel is 1.5625ms
		s := l.Shard(0)
		for i := range 3 {
			work(s, i, 100*time.Microsecond, observe.OK)
		}
		time.Sleep(10 * time.Millisecond)
		work(s, 3, 20*time.Millisecond, observe.OK)
		work(s, 4, 30*time.Millisecond, observe.OK)
		work(s, 5, 10*time.Microsecond, 0)
		l.End(nil)
		want := []observe.Slice{
			{Took: 300 * time.Microsecond, Flags: observe.OK | observe.Merged, N: 3},
			{Start: 10300 * time.Microsecond, Took: 20 * time.Millisecond, Index: 3, Flags: observe.OK, N: 1},
			{Start: 30300 * time.Microsecond, Took: 30 * time.Millisecond, Index: 4, Flags: observe.OK, N: 1},
			{Start: 60300 * time.Microsecond, Took: 10 * time.Microsecond, Index: 5, N: 1},
		}
		d.checkSlices(t, want)
		if n := d.end.Frame.Hist.Count(); n != 5 {
			t.Errorf("histogram has %d, want 5: a cancelled attempt has no duration", n)
		}
	})
}

func (d *diary) checkSlices(t *testing.T, want []observe.Slice) {
	t.Helper()
	got := d.slices()
	if len(got) != len(want) {
		t.Fatalf("%d slices, want %d:\n%+v", len(got), len(want), got)
	}
	for i := range got {
		want[i].Attempt = 1
		if got[i] != want[i] {
			t.Errorf("slice %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestTroubleHasItsOwnSlice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(1, -1)
		s := l.Shard(0)
		kinds := []observe.Flags{
			observe.OK, observe.Failed, observe.OK, observe.Retried | observe.TimedOut, observe.OK, observe.Killed | observe.Failed,
		}
		for i, f := range kinds {
			work(s, i, time.Microsecond, f)
		}
		l.End(nil)
		got := d.slices()
		if len(got) != len(kinds) {
			t.Fatalf("%d slices, want %d", len(got), len(kinds))
		}
		for i, s := range got {
			if s.Flags != kinds[i] || s.Index != i {
				t.Errorf("slice %d is %+v", i, s)
			}
		}
	})
}

func TestTheSlowestHundredthHasItsOwnSlice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(1, -1)
		s := l.Shard(0)
		for i := range 4000 {
			work(s, i, 100*time.Microsecond, observe.OK) // beyond the first frame, which sets the bar
		}
		work(s, 4000, 200*time.Microsecond, observe.OK)
		work(s, 4001, 100*time.Microsecond, observe.OK)
		l.End(nil)
		all := d.slices()
		if len(all) > 4000/10 {
			t.Errorf("%d slices for 4002 short tasks: equal ones must not count as slow", len(all))
		}
		for _, s := range all {
			if s.Index == 4000 && s.N == 1 {
				return
			}
		}
		t.Error("the slow task has no slice of its own")
	})
}

func TestStormOfFailuresFitsTheRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(1, -1)
		s := l.Shard(0)
		const storm = 5000 // before the reducer looks once
		for i := range storm {
			now := meter.Now()
			s.Task(now, 1000, i, 1, observe.Failed)
		}
		l.End(nil)
		n, got := 0, d.slices()
		for _, s := range got {
			n += s.N
			if s.Flags&observe.Failed == 0 {
				t.Errorf("%+v lost its failure", s)
			}
		}
		if n != storm || len(got) > 257 || d.end.Frame.Totals.Failed != storm {
			t.Errorf("%d slices stand for %d failures, want %d in at most 257", len(got), n, storm)
		}
		d.checkMonotone(t)
	})
}

func TestClocksThatGoBackDoNotOverlap(t *testing.T) {
	l, d := watched(1, -1)
	s := l.Shard(0)
	now := meter.Now()
	s.Task(now+5e6, 5e6, 0, 1, observe.OK)
	s.Task(now+1e6, 5e6, 1, 1, observe.OK)
	s.Task(now+9e6, -3, 2, 1, observe.OK)
	s.Task(now-9e9, 1e3, 3, 1, observe.OK)
	l.End(nil)
	d.checkMonotone(t)
}

func TestChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(1, -1)
		s := l.Shard(0)
		start := meter.Now()
		s.Begin(8, 1, start)
		time.Sleep(5 * time.Millisecond)
		s.Chunk(start, meter.Now()-start, 8, 90, 9, 1)
		s.Chunk(meter.Now(), 0, 108, 0, 0, 0)
		s.Sample(50_000, 100)
		l.End(nil)
		d.checkSlices(t, []observe.Slice{{
			Took: 5 * time.Millisecond, Index: 8, N: 100,
			Flags: observe.OK | observe.Failed | observe.Retried | observe.Merged,
		}})
		want := observe.Totals{OK: 90, Failed: 9, Retried: 1, Busy: 5 * time.Millisecond}
		if d.end.Frame.Totals != want {
			t.Errorf("totals %+v, want %+v", d.end.Frame.Totals, want)
		}
		if h := d.end.Frame.Hist; h.Count() != 100 || h.Quantile(0.5).Round(5*time.Microsecond) != 50*time.Microsecond {
			t.Errorf("histogram has %d tasks of %v, want 100 of 50µs", h.Count(), h.Quantile(0.5))
		}
	})
}
