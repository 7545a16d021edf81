package docs

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

type line struct {
	N    int
	Text string
}

func (l line) words() []string { return strings.Fields(l.Text) }

func length(_ context.Context, w string) (int, error) { return len(w), nil }

// opening returns the first word of a line, and which line it is.
func opening(_ context.Context, l line) (parfor.KV[string, int], error) {
	return parfor.KV[string, int]{Key: l.words()[0], Value: l.N}, nil
}

// count returns the words of one line.
func count(_ context.Context, l line) (map[string]int, error) {
	own := map[string]int{}
	for _, w := range l.words() {
		own[w]++
	}
	return own, nil
}

// sum adds the entries of b to a, and returns a.
func sum(a, b map[string]int) map[string]int {
	for w, n := range b {
		a[w] += n
	}
	return a
}

func text(_ context.Context, l line) (string, error) { return l.Text, nil }

func join(a, b string) string { return a + ", " + b }

var totals = dict.New[string, int]("totals")

func plus(old, v int) int { return old + v }

// share counts a line in the dictionary.
func share(ctx context.Context, l line) error {
	own, err := count(ctx, l)
	if err != nil {
		return err
	}
	return totals.MergeMany(ctx, plus, own)
}

var lastLine = dict.New[string, int]("last line", dict.LastByItem())

// note keeps, of each word, the last line that has it.
func note(ctx context.Context, l line) error {
	for _, w := range l.words() {
		if err := lastLine.Set(ctx, w, l.N); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ = parfor.Register(length)
	_ = parfor.Register(opening)
	_ = parfor.Register(count)
	_ = parfor.Register(text)
	_ = parfor.RegisterEach(note)
)

var (
	_ = dict.RegisterMerge(plus)
	_ = parfor.RegisterEach(share)
)

// TestCombining runs the code of combining.md on worker processes.
func TestCombining(t *testing.T) {
	ctx := t.Context()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	lines := []line{{1, "the sun"}, {2, "a river and the sun"}, {3, "the river"}}

	lengths, err := parfor.ByKey(ctx, []string{"sun", "river"}, length, parfor.On(pool))
	same(t, "ByKey", lengths, err, map[string]int{"sun": 3, "river": 5})
	openings, err := parfor.Associate(ctx, lines, opening, parfor.On(pool), parfor.OnDuplicate(parfor.KeepLast))
	same(t, "Associate", openings, err, map[string]int{"the": 3, "a": 2})

	want := map[string]int{"the": 3, "sun": 2, "river": 2, "a": 1, "and": 1}
	words, err := parfor.Reduce(ctx, lines, count, sum, parfor.On(pool))
	same(t, "Reduce", words, err, want)
	joined, err := parfor.Reduce(ctx, lines, text, join, parfor.On(pool), parfor.InOrder())
	if err != nil || joined != "the sun, a river and the sun, the river" {
		t.Errorf("in order: %q, %v", joined, err)
	}

	err = parfor.Each(ctx, lines, share, parfor.On(pool))
	merged, _ := totals.Snapshot(ctx)
	same(t, "MergeMany", merged, err, want)
	err = parfor.Each(ctx, lines, note, parfor.On(pool))
	last, _ := lastLine.Snapshot(ctx)
	same(t, "LastByItem", last, err, map[string]int{"the": 3, "sun": 2, "river": 3, "a": 2, "and": 2})
}

// TestMaps runs the code of combining.md about maps that are there already.
func TestMaps(t *testing.T) {
	ctx := t.Context()
	monday, tuesday := map[string]int{"a": 1, "b": 2}, map[string]int{"b": 3, "c": 4}
	all := dict.Merge(plus, monday, tuesday)
	same(t, "Merge", all, nil, map[string]int{"a": 1, "b": 5, "c": 4})
	newest := dict.Merge(nil, monday, tuesday)
	same(t, "Merge(nil)", newest, nil, map[string]int{"a": 1, "b": 3, "c": 4})

	seen, err := dict.Make[string, int](ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	check := func(rule string, err error, want map[string]int) {
		t.Helper()
		m, _ := seen.Snapshot(ctx)
		same(t, rule, m, err, want)
	}
	err = seen.Update(ctx, monday) // replaced
	check("Replace", err, monday)
	err = seen.Update(ctx, tuesday, dict.KeepOld) // left as it is
	check("KeepOld", err, map[string]int{"a": 1, "b": 2, "c": 4})
	err = seen.Update(ctx, tuesday, dict.NoDoubles) // an error, dict.ErrExists: nothing is stored
	if !errors.Is(err, dict.ErrExists) {
		t.Errorf("NoDoubles: %v", err)
	}
	check("NoDoubles", nil, map[string]int{"a": 1, "b": 2, "c": 4})
}

func same(t *testing.T, what string, got map[string]int, err error, want map[string]int) {
	t.Helper()
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%s: %v, %v, want %v", what, got, err, want)
	}
}
