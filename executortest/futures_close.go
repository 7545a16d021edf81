package executortest

import (
	"errors"
	"strings"

	"parfor.dev/parfor"
)

func (t *futureTest) flood() {
	const n = 5000
	fs := make([]*parfor.Future[int, int], n)
	for i := range fs {
		fs[i] = parfor.Submit(t.ctx, t.x, twice, i)
	}
	for i, f := range fs {
		if v, err := f.Result(t.ctx); v != 2*i || err != nil || f.Index() != i {
			t.Fatalf("%d: %d, %v, index %d", i, v, err, f.Index())
		}
	}
}

func (t *futureTest) afterClose() {
	if err := t.x.Close(); err != nil {
		t.Fatal(err)
	}
	f := parfor.Submit(t.ctx, t.x, twice, 1)
	if _, err := f.Result(t.ctx); !errors.Is(err, parfor.ErrClosed) || f.State() != parfor.Finished || f.Index() != -1 {
		t.Errorf("got %v, state %v, index %d", err, f.State(), f.Index())
	}
	if err := t.x.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func (t *futureTest) drain() {
	fs := make([]*parfor.Future[int, int], 50)
	for i := range fs {
		fs[i] = parfor.Submit(t.ctx, t.x, twice, i)
	}
	if err := t.x.Close(); err != nil {
		t.Error(err)
	}
	for i, f := range fs {
		if f.State() != parfor.Finished {
			t.Fatalf("%d is %v after Close", i, f.State())
		}
		if v, err := f.Result(t.ctx); v != 2*i || err != nil {
			t.Errorf("%d: %d, %v", i, v, err)
		}
	}
	if err := t.x.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func (t *futureTest) closeWhileRunning() {
	f := t.gate.submit(t.ctx, t.x, 1)
	t.gate.arrived(1)
	closed := make(chan error, 1)
	go func() { closed <- t.x.Close() }()
	t.gate.answer(1, letPass)
	if v := t.result(f); v != 1 {
		t.Errorf("got %d", v)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func (t *futureTest) unread() {
	logged := t.log()
	for range 11 {
		f := parfor.Submit(t.ctx, t.x, failOddly, "plain")
		<-f.Done()
	}
	read := parfor.Submit(t.ctx, t.x, failOddly, "panic")
	read.Result(t.ctx)
	err := t.x.Close()
	var item *parfor.TaskError
	if !errors.As(err, &item) || !strings.Contains(err.Error(), "11 futures failed") || strings.Contains(err.Error(), "ouch") {
		t.Errorf("Close: %v", err)
	}
	if !strings.Contains(logged(), "count=11") {
		t.Errorf("logged: %s", logged())
	}
	if err := t.x.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
