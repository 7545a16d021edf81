package meter_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor/observe"
)

func TestErrorsAreGrouped(t *testing.T) {
	l, d := watched(1, -1)
	for i := range 40 {
		l.Fail(i*10, 1, fmt.Errorf("dial tcp 10.0.0.%d:80: connection refused", i))
	}
	l.Retry(5, 1, errors.New("EOF"))
	l.Fail(5, 2, errors.New("EOF"))
	l.Fail(5, 3, nil)
	l.Fail(6, 1, (*broken)(nil))
	l.End(nil)
	want := []observe.Group{
		{Text: "dial tcp #: connection refused", Count: 40, First: 0, Attempts: 1, Examples: []int{0, 10, 20}},
		{Text: "EOF", Count: 1, Retried: 1, First: 5, Attempts: 2, Examples: []int{5}},
		{Text: "*meter_test.broken whose Error method panics", Count: 1, First: 6, Attempts: 1, Examples: []int{6}},
	}
	if got := d.end.Frame.Groups; !reflect.DeepEqual(got, want) {
		t.Errorf("groups\n got %+v\nwant %+v", got, want)
	}
	if len(d.events) != 3 || d.events[1].Text != "EOF" || d.events[1].Index != 5 || d.events[1].Kind != observe.ErrorGroup {
		t.Errorf("events %+v", d.events)
	}
}

type broken struct{ text string }

func (b *broken) Error() string { return b.text }

func TestGroupsAreBounded(t *testing.T) {
	l, d := watched(1, -1)
	names := func(i int) string {
		return string(rune('a'+i/26/26)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
	}
	for i := range 1000 {
		l.Fail(i, 1, errors.New(names(i)))
	}
	l.End(nil)
	got := d.end.Frame.Groups
	if len(got) != 101 || got[100].Text != "other errors" || got[100].Count != 900 || got[100].First != 100 {
		t.Errorf("%d groups, the last is %+v", len(got), got[len(got)-1])
	}
}

func TestGroupsUnderConcurrency(t *testing.T) {
	l, d := watched(1, -1)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 5000 {
				l.Fail(i, 1, fmt.Errorf("%c", 'a'+(w+i)%20))
			}
		})
	}
	wg.Wait()
	l.End(nil)
	var n int64
	for _, g := range d.end.Frame.Groups {
		n += g.Count
	}
	if n != 20000 || len(d.end.Frame.Groups) != 20 {
		t.Errorf("%d failures in %d groups, want 20000 in 20", n, len(d.end.Frame.Groups))
	}
}

func TestGroupsOfAFrameDoNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, d := watched(1, -1)
		l.Fail(1, 1, errors.New("a"))
		time.Sleep(interval)
		l.Fail(2, 1, errors.New("a"))
		l.Fail(3, 1, errors.New("b"))
		time.Sleep(interval)
		l.Fail(4, 1, errors.New("a"))
		l.End(nil)
		for i, want := range []string{
			"[{a 1 0 1 1 [1]}]",
			"[{a 2 0 1 1 [1 2]} {b 1 0 3 1 [3]}]",
			"[{a 3 0 1 1 [1 2 4]} {b 1 0 3 1 [3]}]",
		} {
			if got := fmt.Sprint(append(d.frames, d.end.Frame)[i].Groups); got != want {
				t.Errorf("frame %d has %s, want %s", i, got, want)
			}
		}
	})
}

const interval = time.Second / 4 // one frame falls into each
