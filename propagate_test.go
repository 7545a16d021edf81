package parfor_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

type (
	traceKey  struct{}
	slotKey   int
	otherKey  struct{}
	structKey struct{ _ int }
)

var (
	_ = parfor.Propagate[string](traceKey{})
	_ = parfor.Propagate[limits](slotKey(1))
	_ = parfor.Propagate[int](slotKey(2))
	_ = parfor.PropagateFunc("parfor.test/hidden", takeHidden, putHidden)
)

type hiddenKey struct{}

func takeHidden(ctx context.Context) (string, bool) {
	s, has := ctx.Value(hiddenKey{}).(string)
	return s + " taken", has
}

func putHidden(ctx context.Context, s string) context.Context {
	return context.WithValue(ctx, hiddenKey{}, s+" and put")
}

func readHidden(ctx context.Context, _ int) (string, error) {
	return fmt.Sprint(ctx.Value(hiddenKey{})), nil
}

var _ = parfor.Register(readHidden)

func TestPropagateFunc(t *testing.T) {
	x := new(loopback)
	defer x.Close()
	for value, want := range map[any]string{"t-17": "t-17 taken and put", nil: "<nil>"} {
		ctx := context.WithValue(t.Context(), hiddenKey{}, value)
		got, err := parfor.Map(ctx, numbers(1), readHidden, parfor.On(x))
		if err != nil || got[0] != want {
			t.Errorf("%v arrived as %q, %v", value, got, err)
		}
		future, err := parfor.Submit(ctx, x, readHidden, 1).Result(ctx)
		if err != nil || future != want {
			t.Errorf("%v arrived as %q, %v in a submission", value, future, err)
		}
	}
}

func readContext(ctx context.Context, _ int) (string, error) {
	return fmt.Sprintf("%v %v %v %v", ctx.Value(traceKey{}), ctx.Value(slotKey(1)), ctx.Value(slotKey(2)), ctx.Value(otherKey{})), nil
}

var _ = parfor.Register(readContext)

func TestPropagate(t *testing.T) {
	ctx := context.WithValue(t.Context(), traceKey{}, "t-17")
	ctx = context.WithValue(ctx, slotKey(1), limits{Max: 2})
	ctx = context.WithValue(ctx, otherKey{}, "stays")
	var sent []string
	x := &loopback{attached: func(s *engine.Spec) {
		for _, v := range s.Values {
			sent = append(sent, v.Name)
		}
	}}
	defer x.Close()
	got, err := parfor.Map(ctx, numbers(2), readContext, parfor.On(x))
	if err != nil || !reflect.DeepEqual(got, []string{"t-17 {2 []} <nil> <nil>", "t-17 {2 []} <nil> <nil>"}) {
		t.Errorf("%q, %v", got, err)
	}
	if want := []string{"parfor.dev/parfor_test.traceKey", "parfor.dev/parfor_test.slotKey(1)"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
	_, err = parfor.Map(context.WithValue(t.Context(), traceKey{}, 17), numbers(1), readContext, parfor.On(x))
	if err == nil || !strings.Contains(err.Error(), "is a int, and was propagated as string") {
		t.Errorf("got %v", err)
	}
	if _, err := task.Restore(t.Context(), "unknown", nil); err == nil || !strings.Contains(err.Error(), "parfor.Propagate") {
		t.Errorf("got %v", err)
	}
}

func TestPropagateRefusals(t *testing.T) {
	panics(t, func() { parfor.Propagate[string](traceKey{}) }, "propagated twice", "propagate_test.go:")
	panics(t, func() { parfor.Propagate[string](slotKey(2)) }, "slotKey(2) is propagated twice")
	panics(t, func() { parfor.Propagate[string]("plain") }, "plain string", "propagate_test.go:")
	panics(t, func() { parfor.Propagate[string](nil) }, "key is nil")
	panics(t, func() { parfor.Propagate[string](new(int)) }, "define a type")
	panics(t, func() { parfor.Propagate[string](structKey{}) }, "can't name")
	panics(t, func() { parfor.Propagate[func()](otherKey{}) }, "is a func")
	panics(t, func() { parfor.PropagateFunc("parfor.test/hidden", takeHidden, putHidden) }, "propagated twice", "propagate_test.go:")
	panics(t, func() { parfor.PropagateFunc("", takeHidden, putHidden) }, "name is empty", "propagate_test.go:")
	panics(t, func() { parfor.PropagateFunc("parfor.test/none", takeHidden, nil) }, "needs a function", "propagate_test.go:")
	panics(t, func() { parfor.PropagateFunc[func()]("parfor.test/func", nil, nil) }, "needs a function")
}
