package meter_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

func TestCadenceAndOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(2, 10)
		s := l.Shard(0)
		s.PID(77)
		begin := meter.Now()
		s.Begin(0, 1, begin)
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if len(d.frames) != 2 || d.frames[1].At != 400*time.Millisecond {
			t.Fatalf("after 500ms: %d frames, want 2", len(d.frames))
		}
		w := d.frames[1].Workers[0]
		if w.PID != 77 || w.Since != 400*time.Millisecond || w.Busy != w.Since || w.Attempt != 1 || d.frames[1].Totals.Running != 1 {
			t.Errorf("running attempt: %+v", w)
		}
		l.Event(observe.Event{Kind: observe.WorkerDown, Index: -1, Text: "gone"})
		synctest.Wait()
		if len(d.events) != 1 || d.events[0].At != 500*time.Millisecond || d.events[0].Loop != l.Number() {
			t.Fatalf("events are told at once: %+v", d.events)
		}
		s.Task(begin, meter.Now()-begin, 0, 1, observe.OK)
		l.SetTotal(11)
		cause := errors.New("done")
		l.End(cause)
		l.End(nil)
		l.Event(observe.Event{Kind: observe.Warning})

		if got, want := fmt.Sprint(d.calls), "[start frame frame event end]"; got != want {
			t.Errorf("calls %s, want %s", got, want)
		}
		if d.start.Name != "loop" || d.start.Total != 10 || d.start.Workers != 2 || d.start.Loop != l.Number() {
			t.Errorf("start %+v", d.start)
		}
		want := observe.Totals{OK: 1, Busy: 500 * time.Millisecond}
		if d.end.Err != cause || d.end.Frame.Totals != want || d.end.Frame.Total != 11 || d.end.At != 500*time.Millisecond {
			t.Errorf("end %+v", d.end)
		}
	})
}

func TestSlowObserverLosesEventsAndSaysSo(t *testing.T) {
	held := make(chan struct{})
	d := &diary{}
	l := meter.New("", "", 1, 1, []observe.Observer{&holdStart{d, held}})
	for range 2000 {
		l.Event(observe.Event{Kind: observe.Stalled})
	}
	close(held)
	l.End(nil)
	if len(d.events) != 1025 {
		t.Fatalf("%d events, want 1024 and a warning", len(d.events))
	}
	last := d.events[1024]
	if last.Kind != observe.Warning || last.Text != "976 events were dropped: an observer is too slow for them" {
		t.Errorf("last event %+v", last)
	}
}

type holdStart struct {
	*diary
	held chan struct{}
}

func (h *holdStart) Start(observe.Start) { <-h.held }

func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 50 {
		l, _ := watched(2, -1)
		drive(l, 2, 20)
		l.End(nil)
	}
	for i := 0; runtime.NumGoroutine() > before && i < 1e6; i++ {
		runtime.Gosched() // a goroutine that has closed its channel may still be on its way out
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestObserverThatExitsItsGoroutineDoesNotHang(t *testing.T) {
	l := meter.New("", "", 1, 1, []observe.Observer{exits{&diary{}}})
	l.End(nil)
}

type exits struct{ *diary }

func (exits) Start(observe.Start) { runtime.Goexit() }
