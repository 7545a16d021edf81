package logs

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parfor.dev/parfor/observe"
)

const (
	// Frames come five times a second. Of a longer gap, in which the program
	// was stopped or the machine asleep, no more than this counts as standing
	// still.
	gap = 2 * time.Second
	// shown is how many of the items that run longest a warning names.
	shown = 3
)

// still is for how long a loop has stood still.
type still struct {
	at     time.Duration // of the last frame
	ended  int64         // attempts by then
	lasts  time.Duration
	warned bool
}

// watch warns when a loop stands still, and says when it goes on.
func (l *loop) watch(f observe.Frame) {
	s, t := &l.stood, f.Totals
	passed := min(f.At-s.at, gap)
	s.at = f.At
	if ended := t.Done() + t.Retried; ended != s.ended {
		if s.warned {
			l.log(slog.LevelInfo, "tasks finish again", slog.Duration("after", (s.lasts+passed).Round(time.Millisecond)))
		}
		*s = still{at: f.At, ended: ended}
		return
	}
	if !waits(f) {
		s.lasts = 0
		return
	}
	s.lasts += passed
	if s.warned || l.stall == 0 || s.lasts < l.stall {
		return
	}
	s.warned = true
	attrs := []slog.Attr{slog.Duration("for", s.lasts.Round(time.Millisecond)), slog.Int("running", t.Running)}
	if items := longest(f.Workers); items != "" {
		attrs = append(attrs, slog.String("longest", items))
	}
	l.log(slog.LevelWarn, "no task has finished", attrs...)
}

// waits reports whether a loop has reason to finish something: a task runs, or
// there are items left. On worker processes frames don't say what runs. A
// stream whose source has nothing to give is no stall.
func waits(f observe.Frame) bool {
	return f.Totals.Running > 0 || int64(f.Total) > f.Totals.Done()
}

// longest names the items that have been running longest.
func longest(workers []observe.Worker) string {
	ws := slices.DeleteFunc(slices.Clone(workers), func(w observe.Worker) bool { return w.Since == 0 })
	slices.SortStableFunc(ws, func(a, b observe.Worker) int { return cmp.Compare(b.Since, a.Since) })
	var items []string
	for _, w := range ws[:min(len(ws), shown)] {
		items = append(items, fmt.Sprintf("item %d for %v on worker %d", w.Index, w.Since.Round(time.Millisecond), w.ID))
	}
	return strings.Join(items, ", ")
}
