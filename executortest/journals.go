package executortest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor"
)

var journalChecks = []check{
	{"JournalAnswersWhatItHas", 0, journalAnswers},
	{"JournalFailuresRunAgain", 0, journalFailures},
	{"JournalOfAMovingInput", 0, journalMoves},
	{"JournalTwins", 0, journalTwins},
	{"JournalInOrder", 0, journalInOrder},
	{"JournalKeysStay", 0, journalKeys},
	{"JournalRefusals", 0, journalRefusals},
	{"JournalOfABrokenLoop", 0, journalBreak},
}

var (
	_ = parfor.Register(tellKey)
	_ = parfor.Register(negate)
	_ = parfor.Register(nestJournal)
)

// tellKey returns the task's key, and that of a task inside it; of negative
// numbers as the text of an error.
func tellKey(ctx context.Context, n int) (string, error) {
	inner, err := parfor.Map(ctx, []int{1}, func(ctx context.Context, _ int) (string, error) { return parfor.Key(ctx), nil })
	if err != nil {
		return "", err
	}
	key := parfor.Key(ctx) + " " + inner[0]
	if n < 0 {
		return "", errors.New(key)
	}
	return key, nil
}

func negate(_ context.Context, n int) (int, error) { return -n, nil }

func nestJournal(ctx context.Context, path string) (int, error) {
	_, err := parfor.Map(ctx, []int{1}, negate, parfor.Journal(path))
	return 0, err
}

// journal is a new file, and a loop's options for it; r is filled by each loop.
func (s *subject) journal(t *testing.T, r *parfor.Resumption, opts ...parfor.Option) []parfor.Option {
	return s.on(2, append(opts, parfor.Journal(filepath.Join(t.TempDir(), "journal")), parfor.JournalReport(r))...)
}

// Every kind of loop gives the same results when a journal has some of them.
func journalAnswers(t *testing.T, s *subject) {
	ctx := within(t)
	even := func(n int, opts []parfor.Option) (any, error) {
		var all []int
		for r, err := range parfor.Stream(ctx, slices.Values(parfor.Range(n)), square, opts...) {
			if err != nil {
				return nil, err
			}
			if want := r.Index < 20 && n > 20 && len(opts) > 1; r.Resumed != want || r.Attempt != 1 {
				t.Errorf("item %d of %d: resumed %v, attempt %d", r.Index, n, r.Resumed, r.Attempt)
			}
			all = append(all, r.Out)
		}
		slices.Sort(all)
		return all, nil
	}
	for name, loop := range map[string]func(n int, opts []parfor.Option) (any, error){
		"Stream": even,
		"StreamFrom": func(n int, opts []parfor.Option) (any, error) {
			var all []int
			for r, err := range parfor.StreamFrom(ctx, func(yield func(int, error) bool) {
				for i := 0; i < n && yield(i, nil); i++ {
				}
			}, square, opts...) {
				if err != nil {
					return nil, err
				}
				all = append(all, r.Out)
			}
			slices.Sort(all)
			return all, nil
		},
		"Map": func(n int, opts []parfor.Option) (any, error) {
			return parfor.Map(ctx, parfor.Range(n), square, opts...)
		},
		"Each": func(n int, opts []parfor.Option) (any, error) {
			return nil, parfor.Each(ctx, make([]Step, n), actEach, opts...)
		},
		"EachFrom": func(n int, opts []parfor.Option) (any, error) {
			return nil, parfor.EachFrom(ctx, from(make([]Step, n)), actEach, opts...)
		},
		"ByKey": func(n int, opts []parfor.Option) (any, error) {
			m, err := parfor.ByKey(ctx, parfor.Range(n), square, opts...)
			return slices.Sorted(maps.Values(m)), err
		},
		"Associate": func(n int, opts []parfor.Option) (any, error) {
			m, err := parfor.Associate(ctx, parfor.Range(n), pair, append(opts, parfor.OnDuplicate(parfor.KeepLast))...)
			return len(m), err
		},
		"Reduce": func(n int, opts []parfor.Option) (any, error) {
			return parfor.Reduce(ctx, parfor.Range(n), square, plus, opts...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r parfor.Resumption
			opts := s.journal(t, &r)
			if _, err := loop(20, opts); err != nil || !r.Fresh || r.Resumed != 0 {
				t.Fatalf("first: %+v, %v", r, err)
			}
			got, err := loop(50, opts)
			if err != nil || r.Fresh || r.Resumed != 20 {
				t.Fatalf("then: %+v, %v", r, err)
			}
			want, err := loop(50, s.on(2))
			if name != "Stream" && (err != nil || fmt.Sprint(got) != fmt.Sprint(want)) {
				t.Errorf("%v, without a journal %v, %v", got, want, err)
			}
		})
	}
}

func journalFailures(t *testing.T, s *subject) {
	items := []Step{{N: 0}, {N: 1, Do: refuse}, {N: 2}, {N: 3, Do: panics}, {N: 4}}
	var r parfor.Resumption
	opts := s.journal(t, &r, parfor.KeepGoing())
	for _, resumed := range []int{0, 3, 3} {
		out, err := parfor.Map(within(t), items, act, opts...)
		equal(t, "failed", failedItems(err), []int{1, 3})
		le := loopError(t, err)
		for i := range items {
			if le.Done(i) != (i%2 == 0) {
				t.Errorf("item %d: done %v", i, le.Done(i))
			}
		}
		if r.Resumed != resumed || out[4].Square != 16 {
			t.Errorf("%+v, %v", r, out)
		}
	}
}

// Items are found wherever they are, and those that have gone are listed.
func journalMoves(t *testing.T, s *subject) {
	var r parfor.Resumption
	opts := s.journal(t, &r)
	for _, c := range []struct {
		items         []int
		resumed, gone int
	}{{[]int{1, 2, 3, 4}, 0, 0}, {[]int{9, 4, 3, 8}, 2, 2}, {[]int{1, 2, 3, 4, 8, 9}, 6, 0}, {nil, 0, 6}} {
		out, err := parfor.Map(within(t), c.items, negate, opts...)
		if err != nil || r.Resumed != c.resumed || len(r.Gone) != c.gone {
			t.Errorf("%v: %+v, %v", c.items, r, err)
		}
		for i, n := range c.items {
			if out[i] != -n {
				t.Errorf("%v: %v", c.items, out)
			}
		}
	}
}

func journalTwins(t *testing.T, s *subject) {
	var r parfor.Resumption
	opts := s.journal(t, &r)
	for _, c := range []struct{ items, resumed int }{{3, 0}, {5, 3}, {5, 5}} {
		out, err := parfor.Map(within(t), slices.Repeat([]int{7}, c.items), square, opts...)
		equal(t, "results", out, slices.Repeat([]int{49}, c.items))
		if err != nil || r.Resumed != c.resumed {
			t.Errorf("%d: %+v, %v", c.items, r, err)
		}
	}
	opts = s.journal(t, &r, parfor.ItemKey(func(n int) string { return fmt.Sprint(n % 10) }))
	for _, c := range []struct{ from, resumed int }{{0, 0}, {10, 10}} { // other items, the same keys
		out, err := parfor.Map(within(t), []int{c.from + 1, c.from + 2, c.from + 3, 4, 5, 6, 7, 8, 9, 10}, negate, opts...)
		if err != nil || r.Resumed != c.resumed || out[0] != -1 {
			t.Errorf("from %d: %+v, %v, %v", c.from, r, out, err)
		}
	}
}

func journalInOrder(t *testing.T, s *subject) {
	var r parfor.Resumption
	opts := s.journal(t, &r, parfor.InOrder(), parfor.Window(8))
	for _, step := range []int{3, 1} {
		var got []int
		for r, err := range parfor.Stream(within(t), func(yield func(int) bool) {
			for i := 0; i < 100 && yield(i); i += step {
			}
		}, square, opts...) {
			if err != nil {
				t.Fatal(err)
			}
			if step == 1 && r.Resumed != (r.In%3 == 0) {
				t.Errorf("item %d: resumed %v", r.In, r.Resumed)
			}
			got = append(got, r.Out)
		}
		if step == 1 {
			equal(t, "results", got, squares(100))
		}
	}
}

func journalKeys(t *testing.T, s *subject) {
	var r parfor.Resumption
	opts := s.journal(t, &r, parfor.KeepGoing(), parfor.Attempts(2))
	seen := map[string]bool{}
	var first []string
	for round := range 3 {
		items := []int{-1, -2, 3, 4}
		if round == 1 {
			items = []int{4, -1, 3, 7, -2} // other places
		}
		out, err := parfor.Map(within(t), items, tellKey, opts...)
		keys := map[int]string{3: out[slices.Index(items, 3)], 4: out[slices.Index(items, 4)]}
		for i, e := range parfor.Failed(err) {
			keys[items[i]] = e.Error()[strings.LastIndex(e.Error(), ": ")+2:]
		}
		all := []string{keys[-1], keys[-2], keys[3], keys[4]}
		if round == 0 {
			first = all
			for _, k := range all {
				seen[k] = true
			}
			if len(seen) != 4 || seen[""] {
				t.Errorf("keys %q", all)
			}
			continue
		}
		equal(t, "keys", all, first)
	}
	out, err := parfor.Map(within(t), []int{3}, tellKey, s.journal(t, &r)...)
	if err != nil || seen[out[0]] {
		t.Errorf("another journal has the same key %q, %v", out, err)
	}
}

func journalRefusals(t *testing.T, s *subject) {
	ctx := within(t)
	path := parfor.Journal(filepath.Join(t.TempDir(), "journal"))
	run := func(opts ...parfor.Option) error {
		_, err := parfor.Map(ctx, []int{1}, square, s.on(2, append(opts, path)...)...)
		return err
	}
	if err := run(parfor.Version("1")); err != nil {
		t.Fatal(err)
	}
	mustBe(t, run(), parfor.ErrJournalMismatch)
	mustBe(t, run(parfor.Version("2")), parfor.ErrJournalMismatch)
	_, err := parfor.Map(ctx, []int{1}, negate, s.on(2, path, parfor.Version("1"))...)
	mustBe(t, err, parfor.ErrJournalMismatch)
	_, err = parfor.Map(ctx, []Step{{}}, act, s.on(2, path, parfor.Version("1"))...)
	mustBe(t, err, parfor.ErrJournalMismatch)
	if err := run(parfor.Version("1")); err != nil {
		t.Errorf("the refusals changed something: %v", err)
	}
	for r, err := range parfor.Stream(ctx, slices.Values([]int{1, 2}), square, s.on(2, path, parfor.Version("1"))...) {
		if err != nil {
			t.Fatal(r, err)
		}
		mustBe(t, run(parfor.Version("1")), parfor.ErrJournalLocked)
	}
	mustBe(t, parfor.For(ctx, 1, func(int) {}, path), parfor.ErrOption)
	mustBe(t, parfor.Submit(ctx, s.executor(2), square, 1, path).Err(), parfor.ErrOption)
	_, err = parfor.Map(ctx, []string{filepath.Join(t.TempDir(), "inner")}, nestJournal, s.on(2)...)
	mustBe(t, err, parfor.ErrOption)
	for _, bad := range []parfor.Option{parfor.Journal(""), parfor.JournalSync(-5), parfor.ItemKey[int](nil),
		parfor.ItemKey(func(string) string { return "" }), parfor.JournalIgnores(nil), parfor.JournalReport(nil)} {
		mustBe(t, run(parfor.Version("1"), bad), parfor.ErrOption)
	}
	_, err = parfor.Map(ctx, []int{1}, square, s.on(2, parfor.Version("1"))...)
	mustBe(t, err, parfor.ErrOption)
}

// What a caller who left the range didn't get is in the journal all the same.
func journalBreak(t *testing.T, s *subject) {
	var r parfor.Resumption
	opts := s.journal(t, &r)
	n := 0
	for range parfor.Stream(within(t), slices.Values(parfor.Range(1000)), square, append(slices.Clip(opts), parfor.Window(100))...) {
		if n++; n == 10 {
			break
		}
	}
	out, err := parfor.Map(within(t), parfor.Range(1000), square, opts...)
	if err != nil || r.Resumed < 10 || r.Resumed == 1000 {
		t.Errorf("%d resumed, %v", r.Resumed, err)
	}
	equal(t, "results", out, squares(1000))
}
