package executortest

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/engine"
)

// testFutures checks the behaviour of submissions at an executor. The func
// opens a fresh one; the tests close it.
func testFutures(t *testing.T, open func(t *testing.T) parfor.Executor) {
	for _, c := range []struct {
		name string
		test func(*futureTest)
	}{
		{"C01_ValueAndArguments", (*futureTest).value},
		{"C17_ErrorsThatLookEmpty", (*futureTest).emptyErrors},
		{"C18_Callbacks", (*futureTest).callbacks},
		{"C19_Cancel", (*futureTest).cancel},
		{"C20_States", (*futureTest).states},
		{"C21_ResultWithoutWaiting", (*futureTest).poll},
		{"C22_WaitersAreWoken", (*futureTest).wake},
		{"C41_ManySubmissionsNeverDeadlock", (*futureTest).flood},
		{"C44_ErrorsOfTheirOwn", (*futureTest).ownErrors},
		{"C52_SubmitAfterClose", (*futureTest).afterClose},
		{"C53_CloseDrains", (*futureTest).drain},
		{"C54_CloseAfterCancel", (*futureTest).cancelAndClose},
		{"C56_CloseLetsStartedWorkFinish", (*futureTest).closeWhileRunning},
		{"ContextCancelsRunning", (*futureTest).contextRunning},
		{"Attempts", (*futureTest).attempts},
		{"WithAndArg", (*futureTest).arg},
		{"UnreadFailureIsReported", (*futureTest).unread},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &futureTest{T: t, ctx: context.Background(), x: open(t), gate: newTurnstile(t)}
			defer f.x.Close()
			c.test(f)
		})
	}
	testWaiting(t, open)
}

type futureTest struct {
	*testing.T
	ctx  context.Context
	x    parfor.Executor
	gate *turnstile
}

// slots is how many tasks the executor runs at once.
func (t *futureTest) slots() int {
	e := t.x.Seal(engine.Key{})
	if e.Local != nil {
		return e.Local.Slots()
	}
	return e.Remote.Slots()
}

// occupy fills every slot with tasks that wait at the gate, and returns a func
// that lets them go.
func (t *futureTest) occupy() (release func()) {
	var fs []*parfor.Future[turn, int64]
	for i := range t.slots() {
		fs = append(fs, t.gate.submit(t.ctx, t.x, -1-i))
		t.gate.arrived(-1 - i)
	}
	return func() {
		for i, f := range fs {
			t.gate.answer(-1-i, letPass)
			t.result(f)
		}
	}
}

func (t *futureTest) result(f *parfor.Future[turn, int64]) int64 {
	t.Helper()
	v, err := f.Result(t.ctx)
	if err != nil {
		t.Fatalf("item %d: %v", f.Index(), err)
	}
	return v
}

func answerBack(_ context.Context, q argument) (argument, error) { return q, nil }

func (t *futureTest) callbacks() {
	type future = *parfor.Future[turn, int64]
	logged := t.log()
	release := t.occupy()
	cancelled := t.gate.submit(t.ctx, t.x, 3)
	value, failing := t.gate.submit(t.ctx, t.x, 1), t.gate.submit(t.ctx, t.x, 2)
	var mu sync.Mutex
	var order []string
	var all sync.WaitGroup
	add := func(name string, f future) {
		all.Add(4)
		note := func(s string) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name+s)
			all.Done()
		}
		f.OnDone(func(g future) {
			if g != f || g.State() != parfor.Finished && g.State() != parfor.Cancelled {
				t.Errorf("%s: called in state %v", name, g.State())
			}
			note("1")
		})
		f.OnDone(func(future) { note("2"); panic("callback") })
		f.OnDone(func(future) { note("3"); runtime.Goexit() })
		f.OnDone(func(future) { note("4") })
	}
	add("value", value)
	add("error", failing)
	add("cancel", cancelled)
	cancelled.Cancel()
	release()
	t.gate.answer(1, letPass)
	<-value.Done()
	t.gate.answer(2, letFail)
	<-failing.Done()
	all.Wait()
	for _, name := range []string{"value", "error", "cancel"} {
		mine := slices.DeleteFunc(slices.Clone(order), func(s string) bool { return !strings.HasPrefix(s, name) })
		if want := []string{name + "1", name + "2", name + "3", name + "4"}; !slices.Equal(mine, want) {
			t.Errorf("callbacks ran as %v", mine)
		}
	}
	order = nil
	add("value", value) // it is done already
	all.Wait()
	if !slices.Equal(order, []string{"value1", "value2", "value3", "value4"}) {
		t.Errorf("callbacks of a done future ran as %v", order)
	}
	failing.Err()
	if n := strings.Count(logged(), "panic=callback"); n != 4 {
		t.Errorf("%d panics of callbacks were logged, want 4", n)
	}
}

// log catches what is logged until the test ends.
func (t *futureTest) log() (text func() string) {
	var mu sync.Mutex
	var b bytes.Buffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return b.Write(p)
	}), nil)))
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return b.String()
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
