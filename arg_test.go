package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
)

type limits struct {
	Max  int
	Tags []string
}

type secondLimits limits

func readArgs(ctx context.Context, n int) (string, error) {
	l, s := parfor.Arg[limits](ctx), parfor.Arg[secondLimits](ctx)
	return fmt.Sprint(n, l, s, parfor.Arg[*limits](ctx) == nil), nil
}

var _ = parfor.Register(readArgs)

func needsArg(ctx context.Context, n int) (int, error) { return parfor.Arg[limits](ctx).Max, nil }

var _ = parfor.Register(needsArg)

func TestArgIsTheSameEverywhere(t *testing.T) {
	opts := []parfor.Option{parfor.With(limits{3, nil}), parfor.With(secondLimits{4, []string{"a"}}), parfor.With[*limits](nil)}
	here, err := parfor.Map(t.Context(), numbers(3), readArgs, opts...)
	if err != nil {
		t.Fatal(err)
	}
	there, err := remotely(t, numbers(3), readArgs, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(here, there) || here[1] != "1 {3 []} {4 [a]} true" {
		t.Errorf("here %q, there %q", here, there)
	}
}

func TestArgMissing(t *testing.T) {
	for _, run := range []func() error{
		func() error { _, err := parfor.Map(t.Context(), numbers(1), needsArg); return err },
		func() error { _, err := remotely(t, numbers(1), needsArg); return err },
		func() error { _, err := remotely(t, numbers(1), needsArg, parfor.With(secondLimits{})); return err },
	} {
		err := run()
		var p *parfor.PanicError
		if !errors.As(err, &p) || !strings.Contains(err.Error(), "parfor.With(v)") || !strings.Contains(err.Error(), "parfor_test.limits") {
			t.Errorf("got %v", err)
		}
	}
	panics(t, func() { parfor.Arg[int](t.Context()) }, "not inside a task")
}

func TestWithRefusals(t *testing.T) {
	_, err := parfor.Map(t.Context(), numbers(1), needsArg, parfor.With(limits{}), parfor.With(limits{1, nil}))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("got %v", err)
	}
	_, err = remotely(t, numbers(1), needsArg, parfor.With(limits{}), parfor.With(&http.Client{}))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "http.Client.Transport is an interface") {
		t.Errorf("got %v", err)
	}
	_, err = parfor.Map(t.Context(), numbers(1), needsArg, parfor.With(limits{}), parfor.With(&http.Client{}))
	if err != nil {
		t.Errorf("in this process anything goes: %v", err)
	}
	seen := false
	_, err = parfor.Map(t.Context(), numbers(1), func(ctx context.Context, _ int) (int, error) {
		seen = parfor.Arg[fmt.Stringer](ctx).String() == "1s"
		return 0, nil
	}, parfor.With[fmt.Stringer](time.Second))
	if err != nil || !seen {
		t.Errorf("an interface: %v", err)
	}
}

// A loop inside a body has arguments of its own, wherever it runs.
func TestArgBelongsToItsLoop(t *testing.T) {
	outer := func(ctx context.Context, _ int) (int, error) {
		_, err := parfor.Map(ctx, numbers(1), needsArg)
		if !strings.Contains(fmt.Sprint(err), "was given no such value") {
			t.Errorf("the inner loop: %v", err)
		}
		return parfor.Arg[limits](ctx).Max, nil
	}
	got, err := parfor.Map(t.Context(), numbers(1), outer, parfor.With(limits{5, nil}))
	if err != nil || got[0] != 5 {
		t.Errorf("%v, %v", got, err)
	}
}
