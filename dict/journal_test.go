package dict_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/dict/dicttest"
)

var (
	jSums   = dict.New[int, int]("journal sums")
	jTexts  = dict.New[string, []string]("journal texts")
	jCount  = dict.NewCounter("journal count")
	jOrder  = dict.NewList[int]("journal order")
	jLive   = dict.NewLive[int, int]("journal live")
	jQueue  = dict.NewQueue[int]("journal queue", 10)
	jByItem = dict.New[int, int]("journal by item", dict.LastByItem())
)

// state is what the dictionaries of these tests hold.
func state(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	sums, err := jSums.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := jTexts.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := jCount.Get(ctx)
	order, _ := jOrder.Snapshot(ctx)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%d:%d ", k, sums[k])
	}
	for _, k := range slices.Sorted(maps.Keys(texts)) {
		v := slices.Sorted(slices.Values(texts[k]))
		fmt.Fprintf(&b, "%s:%v ", k, v)
	}
	return fmt.Sprint(b.String(), n, " ", order)
}

// writes is a body that writes to all of them, each item another way.
func writes(ctx context.Context, i int) (int, error) {
	err := errors.Join(
		jSums.Add(ctx, i%5, i), jCount.Add(ctx, 1), jOrder.Append(ctx, i),
		jTexts.Append(ctx, fmt.Sprint(i%3), []string{fmt.Sprint(i)}))
	switch i % 7 {
	case 0:
		err = errors.Join(err, jSums.Set(ctx, 100+i, i), jSums.Delete(ctx, 100+i-7))
	case 1:
		_, e := jSums.AddGet(ctx, 50, 1)
		err = errors.Join(err, e)
	case 2:
		err = errors.Join(err, jSums.Max(ctx, 60, i), jTexts.Delete(ctx, "1"))
	}
	return i, err
}

// What a journal has is what the dictionaries held: base, then commits.
func TestJournalRestores(t *testing.T) {
	dicttest.Fresh(t)
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "j")
	jSums.Set(ctx, -1, 7)
	jSums.Set(ctx, 1, 1000)
	jTexts.Set(ctx, "before", []string{"x"})
	jOrder.Append(ctx, -1)
	bad := errors.New("bad")
	failing := true
	body := func(ctx context.Context, i int) (int, error) {
		if failing && i%10 == 9 {
			writes(ctx, i)
			return 0, bad
		}
		return writes(ctx, i)
	}
	run := func(n int) error {
		_, err := parfor.Map(ctx, parfor.Range(n), body, parfor.Name("writes"), parfor.KeepGoing(),
			parfor.OnConflict(parfor.Rerun), parfor.Journal(path))
		return err
	}
	if err := run(200); parfor.Failed(err) == nil {
		t.Fatal(err)
	}
	half := state(t)
	for _, after := range []func(){func() {}, func() { dicttest.Fresh(t) }, func() { jSums.Clear(ctx); jTexts.Set(ctx, "y", nil) }} {
		after()
		if err := run(0); err != nil {
			t.Fatal(err)
		}
		if got := state(t); got != half {
			t.Fatalf("restored:\n%s\nwas:\n%s", got, half)
		}
	}
	failing = false
	if err := run(200); err != nil {
		t.Fatal(err)
	}
	whole := state(t)
	if n, _ := jCount.Get(ctx); n != 200 {
		t.Errorf("%d items counted", n)
	}
	dicttest.Fresh(t)
	if err := run(200); err != nil {
		t.Fatal(err)
	}
	if got := state(t); got != whole {
		t.Fatalf("restored:\n%s\nwas:\n%s", got, whole)
	}
}

// While a journaled loop runs, others may read what it writes, and write to the
// rest.
func TestOthersMayNotWriteToWhatIsJournaled(t *testing.T) {
	dicttest.Fresh(t)
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "j")
	var refused atomic.Int64
	first := true
	for r, err := range parfor.Stream(ctx, slices.Values(parfor.Range(50)), writes, parfor.InOrder(), parfor.OnConflict(parfor.Rerun), parfor.Journal(path)) {
		if err != nil {
			t.Fatal(err)
		}
		if !first {
			continue
		}
		first = false
		for _, err := range []error{jSums.Set(ctx, 1, 1), jTexts.Set(ctx, "a", nil), jCount.Add(ctx, 1), jOrder.Append(ctx, 1), jSums.Clear(ctx),
			jSums.SetMany(ctx, []dict.KV[int, int]{{Key: 1, Value: 2}})} {
			if !errors.Is(err, parfor.ErrJournaled) {
				t.Errorf("after item %d: %v", r.Index, err)
			} else {
				refused.Add(1)
			}
		}
		if _, err := parfor.Map(ctx, parfor.Range(3), writes); !errors.Is(err, dict.ErrJournaled) {
			t.Errorf("another loop: %v", err)
		}
		if err := jByItem.Set(ctx, 1, 1); err != nil {
			t.Error(err)
		}
	}
	if err := jSums.Set(ctx, 1, 1); err != nil {
		t.Errorf("after the loop: %v", err)
	}
}

// What can't be in a journal fails the task that writes it, and the text says
// what to do; JournalIgnores lets it pass.
func TestWhatAJournalCantHold(t *testing.T) {
	dicttest.Fresh(t)
	ctx := t.Context()
	made, err := dict.Make[int, int](ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		write func(context.Context) error
		what  interface{ Name() string }
		word  string
	}{
		"anonymous": {func(ctx context.Context) error { return made.Set(ctx, 1, 1) }, made, "JournalIgnores"},
		"live":      {func(ctx context.Context) error { return jLive.Set(ctx, 1, 1) }, jLive, "JournalIgnores"},
		"queue":     {func(ctx context.Context) error { return jQueue.Put(ctx, 1) }, jQueue, "JournalIgnores"},
		"by item":   {func(ctx context.Context) error { return jByItem.Set(ctx, 1, 1) }, jByItem, "LastByItem"},
	} {
		t.Run(name, func(t *testing.T) {
			body := func(ctx context.Context, i int) (int, error) { return i, c.write(ctx) }
			run := func(opts ...parfor.Option) error {
				_, err := parfor.Map(ctx, []int{1}, body, append(opts, parfor.Name(name), parfor.Journal(filepath.Join(t.TempDir(), "j")))...)
				return err
			}
			if err := run(); err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("refused with %v", err)
			}
			if err := run(parfor.JournalIgnores(c.what)); err != nil {
				t.Errorf("ignored: %v", err)
			}
		})
	}
}
