package cluster_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/dict/dicttest"
)

var (
	shelf    = dict.New[int, int]("shelf")
	lockers  = dict.New[string, string]("lockers")
	doors    = dict.NewLive[string, int]("doors")
	whiteout = dict.NewLive[string, int]("whiteout")
)

// score counts an item twice: by what it has read, and without looking.
func score(ctx context.Context, n int) (int, error) {
	seen, _, err := tally.Get(ctx, "seen")
	return n, errors.Join(err, tally.Set(ctx, "seen", seen+1), tally.Add(ctx, "sum", n))
}

// alternate writes with even items, and reads with odd ones.
func alternate(ctx context.Context, n int) (int, error) {
	if n%2 == 0 {
		return n, tally.Set(ctx, "latest", n)
	}
	return latest(ctx, n)
}

// shelve fills the shelf, clears it, or counts what is on it.
func shelve(ctx context.Context, n int) (int, error) {
	switch n % 3 {
	case 0:
		var all []dict.KV[int, int]
		for k := range shelfWidth {
			all = append(all, dict.KV[int, int]{Key: k, Value: n})
		}
		return 0, shelf.SetMany(ctx, all)
	case 1:
		return 0, shelf.Clear(ctx)
	}
	all, err := shelf.Snapshot(ctx)
	for _, v := range all {
		if v != all[0] {
			return 0, errors.New("the shelf was filled by two")
		}
	}
	return len(all), err
}

const shelfWidth = 20

// watchOrClear waits until somebody takes away what it has put down, or is that
// somebody.
func watchOrClear(ctx context.Context, clears bool) (bool, error) {
	if clears {
		_, err := whiteout.WaitFor(ctx, "text")
		return clears, errors.Join(err, whiteout.Clear(ctx))
	}
	if err := whiteout.Set(ctx, "text", 1); err != nil {
		return clears, err
	}
	_, err := whiteout.WaitUntil(ctx, "text", func(_ int, there bool) bool { return !there })
	return clears, err
}

// stow puts something into the locker, and looks whether it is there.
func stow(ctx context.Context, key string) (string, error) {
	_, free, err := doors.SetIfAbsent(ctx, key, len(key))
	if err != nil || !free {
		return "", errors.Join(err, errors.New("the door was open"))
	}
	if err := lockers.Set(ctx, key, "of "+key); err != nil {
		return "", err
	}
	v, _, err := lockers.Get(ctx, key)
	return v, err
}

// unlock reads what another task has stowed.
func unlock(ctx context.Context, key string) (string, error) {
	n, _, err := doors.Pop(ctx, key)
	if err == nil && n != len(key) {
		err = errors.New("it is another's door")
	}
	v, _, missing := lockers.Get(ctx, key)
	return v, errors.Join(err, missing)
}

var (
	_ = parfor.Register(score)
	_ = parfor.Register(alternate)
	_ = parfor.Register(shelve)
	_ = parfor.Register(watchOrClear)
	_ = parfor.Register(stow)
	_ = parfor.Register(unlock)
)

// Keys are any strings: nothing of them gets into a subject.
func TestKeysOfAnyShape(t *testing.T) {
	dicttest.Fresh(t)
	x, s := ready(t, 1)
	serve(t, s.URL(), 1)
	slotsOf(t, x, 2)
	keys := []string{"", " ", "  two  spaces ", "\n\t\x00", "a.b.*.>", "$JS.API.>", "ключ 鍵 🗝", "not \xff\xfe text",
		strings.Repeat("k", 5<<10), strings.Repeat("鍵 ", 5<<10/4), strings.Repeat("k", 5<<10-1)}
	want := map[string]string{}
	for _, k := range keys {
		want[k] = "of " + k
	}
	for _, body := range []func(context.Context, string) (string, error){stow, unlock} {
		got, err := parfor.Map(within(t), keys, body, parfor.On(x), parfor.Chunk(1))
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range keys {
			if got[i] != want[k] {
				t.Errorf("%.20q has %.20q", k, got[i])
			}
		}
	}
	if got, err := lockers.Snapshot(within(t)); err != nil || !maps.Equal(got, want) {
		t.Errorf("%d entries of %d, or others; %v", len(got), len(want), err)
	}
	if n, err := doors.Len(within(t)); n != 0 || err != nil {
		t.Errorf("%d doors are left, %v", n, err)
	}
}

// Who reads while others clear and fill sees all of one, or nothing.
func TestClearWhileOthersRead(t *testing.T) {
	dicttest.Fresh(t)
	x, s := ready(t, 2)
	serve(t, s.URL(), 2)
	slotsOf(t, x, 4)
	got, err := parfor.Map(within(t), parfor.Range(600), shelve, parfor.On(x), parfor.Chunk(1))
	if err != nil {
		t.Fatal(err)
	}
	empty, full := 0, 0
	for i, n := range got {
		switch {
		case i%3 != 2:
		case n == 0:
			empty++
		case n == shelfWidth:
			full++
		default:
			t.Errorf("item %d saw %d of %d", i, n, shelfWidth)
		}
	}
	if empty == 0 || full == 0 {
		t.Errorf("%d saw it empty, %d full: nothing was cleared under anybody", empty, full)
	}
}

// Who waits for a change hears of a Clear, too.
func TestClearWakesWhoWaits(t *testing.T) {
	x, s := ready(t, 1)
	serve(t, s.URL(), 1)
	slotsOf(t, x, 2)
	if _, err := parfor.Map(within(t), []bool{false, true}, watchOrClear, parfor.On(x), parfor.Chunk(1)); err != nil {
		t.Error(err)
	}
}

// Eight tasks at a time change one key through an election: no update is lost, and
// none counts twice.
func TestServersSumIsExact(t *testing.T) {
	for _, stream := range []string{"PF_default_R", "PF_default_L"} {
		t.Run(stream, func(t *testing.T) {
			dicttest.Fresh(t)
			c := three(t)
			agentProcess(t, c.URL(), 4)
			agentProcess(t, c.URL(), 4)
			x := connected(t, c.URL(), cluster.Replicas(3))
			slotsOf(t, x, 8)
			const n = 400
			results, s := 0, stall{}
			for r, err := range parfor.Stream(long(t), each(n), score, parfor.On(x), parfor.OnConflict(parfor.Rerun)) {
				if err != nil {
					tell(t, c.URL())
					t.Fatal(r.Index, err)
				}
				s.note()
				if results++; results == n/4 {
					c.Kill(c.LeaderOf(stream))
					killed := time.Now()
					c.LeaderOf(stream)
					t.Logf("a new leader was there after %v", time.Since(killed).Round(time.Millisecond))
				}
			}
			t.Logf("the longest time without a result was %v", s.longest.Round(time.Millisecond))
			if seen, sum := told(t, "seen"), told(t, "sum"); results != n || seen != n || sum != n*(n-1)/2 {
				t.Errorf("%d results; %d were seen, their sum is %d", results, seen, sum)
			}
			if err := x.Close(); err != nil {
				t.Error(err)
			}
			empty(t, c.URL())
		})
	}
}

// What one item has written the next one reads, at another agent and after an
// election.
func TestServersReadsAreNewest(t *testing.T) {
	dicttest.Fresh(t)
	c := three(t)
	agentProcess(t, c.URL(), 1)
	agentProcess(t, c.URL(), 1)
	x := connected(t, c.URL(), cluster.Replicas(3))
	slotsOf(t, x, 2)
	const n = 1200
	stale, s, killed := 0, stall{}, -1
	for r, err := range parfor.Stream(long(t), each(n), alternate, parfor.On(x), parfor.InOrder(), parfor.Window(1)) {
		if err != nil {
			tell(t, c.URL())
			t.Fatal(r.Index, err)
		}
		s.note()
		if r.In%2 == 1 && r.Out != r.In-1 {
			stale++
			t.Errorf("item %d read %d", r.In, r.Out)
		}
		switch r.Index {
		case n / 4:
			killed = c.LeaderOf("PF_default_R")
			c.Kill(killed)
		case n / 2:
			c.Start(killed)
			c.Together()
			c.Kill(c.LeaderOf("PF_default_L"))
		}
	}
	t.Logf("%d reads, %d stale; the longest time without a result was %v", n/2, stale, s.longest)
}
