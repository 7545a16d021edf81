package dict_test

import (
	"context"
	"encoding"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	besideCounter = dict.NewCounter("beside counter")
	besideVar     = dict.NewVar[string]("beside var")
	besideEvent   = dict.NewEvent("beside event")
)

func TestNamesOfObjectsBeside(t *testing.T) {
	for _, s := range []string{besideCounter.Name(), besideVar.Name(), besideEvent.Name(), listInts.Name()} {
		if !strings.HasPrefix(s, "parfor.dev/parfor/dict_test.") {
			t.Errorf("full name %q", s)
		}
	}
	s := message(func() { dict.NewVar[int]("beside counter") })
	if !strings.Contains(s, "made twice") || !strings.Contains(s, "beside_test.go:") {
		t.Errorf("a second New of a name says %q", s)
	}
	if s := message(func() { dict.NewList[int]("") }); !strings.Contains(s, "NewList at ") {
		t.Errorf("NewList without a name says %q", s)
	}
	if s := message(func() { dict.NewList[chan int]("channels") }); !strings.Contains(s, "beside_test.go:") {
		t.Errorf("NewList of channels says %q", s)
	}
	n, _ := dict.MakeCounter(bg)
	if !strings.HasPrefix(n.Name(), "anonymous counter ") {
		t.Errorf("an anonymous counter is called %q", n.Name())
	}
}

func TestHandlesOfObjectsBeside(t *testing.T) {
	n, _ := dict.MakeCounter(bg)
	x, _ := dict.MakeVar[int64](bg)
	e, _ := dict.MakeEvent(bg)
	l := freshList[int](t)
	defer e.Close()
	defer x.Close()
	handles := []encoding.BinaryMarshaler{n, x, e, l, fresh[struct{}, int64](t)}
	fresh := func() []encoding.BinaryUnmarshaler {
		return []encoding.BinaryUnmarshaler{new(dict.Counter), new(dict.Var[int64]), new(dict.Event), new(dict.List[int]), new(dict.Dict[struct{}, int64])}
	}
	for i, h := range handles {
		b, err := h.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		for j, into := range fresh() {
			if err := into.UnmarshalBinary(b); (err == nil) != (i == j) {
				t.Errorf("a %T decoded as a %T: %v", h, into, err)
			}
		}
		if err := fresh()[i].UnmarshalBinary(b[1:]); err == nil {
			t.Errorf("a %T decodes from too few bytes", h)
		}
	}
	b, _ := n.MarshalBinary()
	var same dict.Counter
	if err := same.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	same.Add(bg, 3)
	if v, err := n.Get(bg); v != 3 || err != nil {
		t.Errorf("Get = %d, %v", v, err)
	}
	n.Close()
	if _, err := n.MarshalBinary(); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("a closed counter travels: %v", err)
	}
	if err := same.UnmarshalBinary(b); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("a handle of a closed counter: %v", err)
	}
	for _, h := range []encoding.BinaryMarshaler{(*dict.Counter)(nil), (*dict.Var[int])(nil), (*dict.Event)(nil), (*dict.List[int])(nil)} {
		if _, err := h.MarshalBinary(); err == nil {
			t.Errorf("a nil %T travels", h)
		}
	}
}

func TestCounterInAnAttempt(t *testing.T) {
	defer writeset.Fresh()()
	n := besideCounter
	c := attempt(nil)
	asWorker(t, func() {
		n.Add(c, 2)
		n.Add(c, -5)
		if v, err := n.Get(c); v != -3 || err != nil {
			t.Errorf("Get = %d, %v", v, err)
		}
	})
	n.Set(bg, 100)
	if _, err := deliver(t, c); !errors.Is(err, task.ErrConflict) { // it was told -3
		t.Errorf("a counter that was read and counted: %v", err)
	}
	c = attempt(nil)
	n.Add(c, 1)
	n.Add(bg, 1)
	finish(t, c, true)
	if v, err := n.AddGet(bg, 1); v != 103 || err != nil {
		t.Errorf("AddGet = %d, %v", v, err)
	}
}

func appendText(old string, ok bool, s string) (string, bool) { return old + s, s != "" }

var _ = dict.RegisterCompute(appendText)

func TestVarInAnAttempt(t *testing.T) {
	defer writeset.Fresh()()
	x := besideVar
	c := attempt(nil)
	asWorker(t, func() {
		if _, ok, err := x.Get(c); ok || err != nil {
			t.Errorf("Get of nothing: %v, %v", ok, err)
		}
		x.Set(c, "a")
	})
	if _, err := deliver(t, c); err != nil {
		t.Fatal(err)
	}
	c = attempt(nil)
	asWorker(t, func() {
		if v, ok, err := dict.ComputeVar(c, x, appendText, "b"); v != "ab" || !ok || err != nil {
			t.Errorf("ComputeVar = %q, %v, %v", v, ok, err)
		}
	})
	if _, err := deliver(t, c); err != nil {
		t.Fatal(err)
	}
	c = attempt(nil)
	v, _, _ := x.Get(c)
	x.Set(c, v+"c")
	x.Set(bg, "other")
	if _, err := c.Finish(nil); !errors.Is(err, task.ErrConflict) {
		t.Errorf("read, then set: %v", err)
	}
	x.Clear(bg)
	if _, ok, _ := x.Get(bg); ok {
		t.Error("a cleared variable has a value")
	}
}

func TestEventWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := dict.MakeEvent(bg)
		var wg sync.WaitGroup
		var mu sync.Mutex
		woken := 0
		for range 3 {
			wg.Go(func() {
				if err := e.Wait(attempt(nil)); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				woken++
			})
		}
		for _, ok := range []bool{false, true} {
			synctest.Wait()
			if woken != 0 {
				t.Fatalf("%d were woken by nothing", woken)
			}
			c := attempt(nil)
			e.Set(c)
			if err := e.Wait(c); err != nil {
				t.Errorf("Wait after an own Set: %v", err)
			}
			synctest.Wait()
			if woken != 0 {
				t.Fatalf("%d were woken before the commit", woken)
			}
			finish(t, c, ok)
		}
		wg.Wait()
		c := attempt(nil)
		e.Clear(c)
		if is, err := e.IsSet(c); is || err != nil {
			t.Errorf("IsSet = %v, %v", is, err)
		}
		if err := e.Wait(c); err == nil {
			t.Error("a task waits for what it has cleared")
		}
		if is, _ := e.IsSet(bg); !is {
			t.Error("a Clear took effect before its task succeeded")
		}
	})
}

func TestEventWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := dict.MakeEvent(bg)
		ctx, cancel := context.WithCancelCause(bg)
		errs := make(chan error, 1)
		go func() { errs <- e.Wait(ctx) }()
		synctest.Wait()
		cancel(errFailed)
		if err := <-errs; !errors.Is(err, errFailed) {
			t.Errorf("Wait whose context ended: %v", err)
		}
		go func() { errs <- e.Wait(bg) }()
		synctest.Wait()
		e.Close()
		if err := <-errs; !errors.Is(err, dict.ErrClosed) {
			t.Errorf("Wait of an event that was closed: %v", err)
		}
	})
}

func TestEventWaitInASwappedState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		restore := writeset.Fresh()
		done := make(chan error, 1)
		go func() { done <- besideEvent.Wait(bg) }()
		synctest.Wait()
		restore()
		synctest.Wait()
		besideEvent.Set(bg)
		if err := <-done; err != nil {
			t.Error(err)
		}
		besideEvent.Clear(bg)
	})
}

func TestEventFromAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer writeset.Fresh()()
		c := attempt(nil)
		c.Loop = &task.Loop{Serializable: true}
		asWorker(t, func() {
			done := make(chan error, 1)
			go func() { done <- besideEvent.Wait(c) }()
			synctest.Wait()
			b := []byte(nil)
			set := attempt(nil)
			besideEvent.Set(set)
			b, err := set.Seal().Append(b)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := task.CommitEncoded(b, task.Ticket{}); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		besideEvent.Clear(bg)
		if _, err := deliver(t, c); !errors.Is(err, task.ErrConflict) {
			t.Errorf("a serializable task waited for what was cleared since: %v", err)
		}
	})
}

func TestEventMadeInsideATask(t *testing.T) {
	c := attempt(nil)
	e, err := dict.MakeEvent(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Wait(c); err == nil {
		t.Error("a task waits for itself")
	}
	e.Set(c)
	if err := e.Wait(attempt(c)); err != nil {
		t.Error(err)
	}
}
