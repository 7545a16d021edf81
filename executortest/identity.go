package executortest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor"
)

var identityChecks = []check{
	{"UnregisteredFailsBeforeAnythingRuns", onProcesses, unregistered},
	{"UnregisteredRunsHere", inProcess, unregisteredHere},
	{"ClosuresOfOneLiteral", 0, closuresOfOneLiteral},
	{"MethodValue", 0, methodValueBody},
	{"InstancesOfAGeneric", 0, instances},
	{"GenericCodeTakesTheBody", 0, genericCode},
}

func stranger(_ context.Context, n int) (int, error) { return n, nil }

// Default mode. The text says what to write, whatever the function is.
func unregistered(t *testing.T, s *subject) {
	captured := 7
	closure := func(_ context.Context, n int) (int, error) { return n + captured, nil }
	for name, fn := range map[string]func(context.Context, int) (int, error){"stranger": stranger, "closure": closure, "method": scale(3).apply, "instance": foreign[int]} {
		taken := 0
		check := func(err error) {
			t.Helper()
			mustBe(t, err, parfor.ErrNotRegistered)
			want := []string{"RegisterAs(", "at package level"}
			switch name {
			case "stranger":
				want = []string{"var _ = parfor.Register(stranger)", "executortest.stranger"}
			case "closure":
				want = []string{"parfor.RegisterAs(", "parfor.With(v)", "parfor.Arg[T](ctx)"}
			}
			for _, part := range want {
				if !contains(err, part) {
					t.Errorf("%s: the text does not say %q: %v", name, part, err)
				}
			}
		}
		_, err := parfor.Map(within(t), parfor.Range(3), fn, s.on(2)...)
		check(err)
		_, err = parfor.ByKey(within(t), parfor.Range(3), fn, s.on(2)...)
		check(err)
		for _, err := range parfor.Stream(within(t), counted(&taken), fn, s.on(2)...) {
			check(err)
		}
		_, err = parfor.Submit(within(t), s.executor(2), fn, 1).Result(within(t))
		check(err)
		if taken != 0 {
			t.Errorf("%d items were taken for a body that can't run", taken)
		}
	}
	err := parfor.Each(within(t), parfor.Range(3), func(context.Context, int) error { return nil }, s.on(2)...)
	if !errors.Is(err, parfor.ErrNotRegistered) || !strings.Contains(err.Error(), "RegisterEachAs") {
		t.Errorf("Each: %v", err)
	}
}

// Default mode.
func unregisteredHere(t *testing.T, s *subject) {
	captured := 7
	out, err := parfor.Map(within(t), parfor.Range(3), func(_ context.Context, n int) (int, error) { return n + captured, nil }, s.on(2)...)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", out, []int{7, 8, 9})
}

// adder makes closures that share their code.
func adder(by int) func(context.Context, int) (int, error) {
	return func(_ context.Context, n int) (int, error) { return n + by, nil }
}

type scale int

func (s scale) apply(_ context.Context, n int) (int, error) { return n * int(s), nil }

func identity[T any](_ context.Context, v T) (T, error) { return v, nil }

// foreign is like identity, and no instance of it is registered.
func foreign[T any](_ context.Context, v T) (T, error) { return v, nil }

const pkg = "parfor.dev/parfor/executortest."

var (
	addOne  = parfor.RegisterAs(pkg+"addOne", adder(1))
	addTen  = parfor.RegisterAs(pkg+"addTen", adder(10))
	triple  = parfor.RegisterAs(pkg+"triple", scale(3).apply)
	sameInt = parfor.RegisterAs(pkg+"sameInt", identity[int])
	sameStr = parfor.RegisterAs(pkg+"sameStr", identity[string])
)

// Default mode: identity is the value, not the code.
func closuresOfOneLiteral(t *testing.T, s *subject) {
	runs(t, s, addOne, []int{1, 2, 3})
	runs(t, s, addTen, []int{10, 11, 12})
}

func methodValueBody(t *testing.T, s *subject) { runs(t, s, triple, []int{0, 3, 6}) }

func instances(t *testing.T, s *subject) {
	runs(t, s, sameInt, []int{0, 1, 2})
	out, err := parfor.Map(within(t), []string{"a", ""}, sameStr, s.on(2)...)
	if err != nil || !slices.Equal(out, []string{"a", ""}) {
		t.Errorf("strings: %q, %v", out, err)
	}
}

// both is generic code: it takes the body as a parameter.
func both[T any](ctx context.Context, items []T, body func(context.Context, T) (T, error), opts []parfor.Option) ([]T, error) {
	return parfor.Map(ctx, items, body, opts...)
}

func genericCode(t *testing.T, s *subject) {
	out, err := both(within(t), parfor.Range(3), addTen, s.on(2))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", out, []int{10, 11, 12})
}

func runs(t *testing.T, s *subject, body func(context.Context, int) (int, error), want []int) {
	t.Helper()
	out, err := parfor.Map(within(t), parfor.Range(len(want)), body, s.on(2)...)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", out, want)
}
