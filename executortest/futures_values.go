package executortest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"parfor.dev/parfor"
)

// argument is an argument with parts.
type argument struct {
	Text  string
	Parts []int
	How   map[string]float64
}

var _ = parfor.Register(answerBack)

func (t *futureTest) value() {
	q := argument{"ä", []int{1, 2, 3}, map[string]float64{"half": 0.5}}
	f := parfor.Submit(t.ctx, t.x, answerBack, q)
	got, err := f.Result(t.ctx)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(q) {
		t.Fatalf("got %v, %v; want %v", got, err, q)
	}
	if f.Index() != 0 || fmt.Sprint(f.In()) != fmt.Sprint(q) || f.Err() != nil {
		t.Errorf("index %d, in %v, err %v", f.Index(), f.In(), f.Err())
	}
	if g := parfor.Submit(t.ctx, t.x, answerBack, q); g.Index() != 1 {
		t.Errorf("second submission has index %d", g.Index())
	}
}

type oddError struct{}

func (*oddError) Error() string { return "" }

var _ = parfor.Register(failOddly)

// failOddly fails in ways that are easily taken for success.
func failOddly(_ context.Context, how string) (int, error) {
	switch how {
	case "empty":
		return 1, errors.New("")
	case "nil pointer":
		return 1, (*oddError)(nil)
	case "panic nil":
		panic(nil)
	case "panic":
		panic("ouch")
	case "goexit":
		runtime.Goexit()
	case "plain":
		return 1, errors.New("plain")
	}
	return 0, nil
}

func (t *futureTest) emptyErrors() {
	for _, how := range []string{"empty", "nil pointer", "panic nil", "panic", "goexit"} {
		f := parfor.Submit(t.ctx, t.x, failOddly, how)
		_, err := f.Result(t.ctx)
		var item *parfor.TaskError
		if !errors.As(err, &item) || item.Err == nil {
			t.Errorf("%s: got %v, want a *TaskError", how, err)
		}
		var p *parfor.PanicError
		if strings.HasPrefix(how, "panic") && (!errors.As(err, &p) || len(p.Stack) == 0) {
			t.Errorf("%s: got %v, want a *PanicError with a stack", how, err)
		}
		if how == "goexit" && !errors.Is(err, parfor.ErrGoexit) {
			t.Errorf("goexit: got %v", err)
		}
	}
	if v, err := parfor.Submit(t.ctx, t.x, failOddly, "").Result(t.ctx); v != 0 || err != nil {
		t.Errorf("the executor is spoilt: %v, %v", v, err)
	}
}

var _ = parfor.Register(twice)

func twice(_ context.Context, n int) (int, error) { return 2 * n, nil }

func (t *futureTest) ownErrors() {
	a, b := parfor.Submit(t.ctx, t.x, failOddly, "plain"), parfor.Submit(t.ctx, t.x, failOddly, "plain")
	_, err1 := a.Result(t.ctx)
	_, err2 := b.Result(t.ctx)
	if err1 == err2 || err1 == nil || err2 == nil {
		t.Errorf("%p and %p", err1, err2)
	}
}

func (t *futureTest) attempts() {
	f := t.gate.submit(t.ctx, t.x, 1, parfor.Attempts(3))
	t.gate.answer(1, letFail)
	t.gate.answer(1, letFail)
	t.gate.arrived(1)
	if f.State() != parfor.Running {
		t.Errorf("third attempt: %v", f.State())
	}
	t.gate.answer(1, letPass)
	if v := t.result(f); v != 1 {
		t.Errorf("got %d", v)
	}
	f = t.gate.submit(t.ctx, t.x, 2, parfor.Attempts(2), parfor.Label(func(k turn) string { return fmt.Sprint("turn ", k.ID) }))
	t.gate.answer(2, letFail)
	t.gate.answer(2, letFail)
	_, err := f.Result(t.ctx)
	var item *parfor.TaskError
	if !errors.As(err, &item) || item.Attempt != 2 || item.Index != 1 || item.Label != "turn 2" {
		t.Errorf("got %v", err)
	}
}

// tariff is what a closure would have captured.
type tariff struct{ Rate int }

var _ = parfor.Register(charge)

func charge(ctx context.Context, n int) (int, error) { return n * parfor.Arg[tariff](ctx).Rate, nil }

func (t *futureTest) arg() {
	for rate := range 3 {
		f := parfor.Submit(t.ctx, t.x, charge, 7, parfor.With(tariff{rate}))
		if v, err := f.Result(t.ctx); v != 7*rate || err != nil {
			t.Errorf("%v, %v", v, err)
		}
	}
}
