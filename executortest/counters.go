package executortest

import (
	"slices"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

var counterChecks = []check{
	{"CountersAreTheTruth", 0, countersAreTrue},
	{"CountersOfAStream", 0, countersOfStream},
}

// mixed are attempts of which some fail in every way, and some succeed late.
func mixed(t *testing.T) (in []attempt, ok, failed, retried int64) {
	dir := newTally(t).dir
	for i, how := range []Action{answer, refuse, panics, exits, mute, refuse, exits, answer, answer} {
		in = append(in, attempt{Item: i, Good: 99, How: how, Dir: dir})
	}
	for _, i := range []int{0, 7, 8} {
		in[i].Good = 1
	}
	in[5].Good, in[6].Good = 2, 2
	// Items 1 to 4 fail twice, 5 and 6 once.
	return in, 5, 4, 6
}

// KeepGoing: what observers are told at the end is what happened.
func countersAreTrue(t *testing.T, s *subject) {
	in, ok, failed, retried := mixed(t)
	w := &watcher{}
	_, err := parfor.Map(within(t), in, persist, s.on(2, parfor.Attempts(2), parfor.KeepGoing(), parfor.Observe(w))...)
	equal(t, "failed", failedItems(err), []int{1, 2, 3, 4})
	w.judge(t, ok, failed, retried, err)
}

// KeepGoing.
func countersOfStream(t *testing.T, s *subject) {
	in, ok, failed, retried := mixed(t)
	w := &watcher{}
	for range parfor.Stream(within(t), slices.Values(in), persist, s.on(2, parfor.Attempts(2), parfor.KeepGoing(), parfor.Observe(w))...) {
	}
	w.judge(t, ok, failed, retried, w.end.Err)
}

func (w *watcher) judge(t *testing.T, ok, failed, retried int64, err error) {
	t.Helper()
	n := w.end.Frame.Totals
	want := observe.Totals{OK: ok, Failed: failed, Retried: retried, Busy: n.Busy}
	if n != want {
		t.Errorf("counters %+v, want %+v", n, want)
	}
	if w.end.Err != err {
		t.Errorf("the observer was told of %v, the caller of %v", w.end.Err, err)
	}
}
