package compare

import (
	"slices"
	"sync"

	"parfor.dev/parfor/compare/report"
	"parfor.dev/parfor/observe"
)

// maxSpans bounds what the page has to draw.
const maxSpans = 3000

// watcher keeps who ran what when, as any observer of a loop may.
type watcher struct {
	mu     sync.Mutex
	slices []observe.Slice
}

func (w *watcher) Start(observe.Start) {}
func (w *watcher) Event(observe.Event) {}
func (w *watcher) Frame(f observe.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slices = append(w.slices, f.Slices...)
}
func (w *watcher) End(e observe.End) { w.Frame(e.Frame) }

// lanes turns the slices into the report's form. Workers are numbered by their
// first task, so that lanes begin at the top.
func (w *watcher) lanes(workers int, answers map[int]int) *report.Lanes {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &report.Lanes{Workers: workers}
	slices.SortFunc(w.slices, func(a, b observe.Slice) int { return int(a.Start - b.Start) })
	lane := map[int]int{}
	for _, s := range w.slices {
		n, known := lane[s.Worker]
		if !known {
			n = len(lane)
			lane[s.Worker] = n
		}
		if len(l.Spans) < maxSpans {
			l.Spans = append(l.Spans, report.Span{Worker: n, Item: s.Index,
				Start: report.Took(s.Start), Took: report.Took(s.Took), Status: answers[s.Index]})
		}
	}
	l.Workers = max(workers, len(lane))
	return l
}
