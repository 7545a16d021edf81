package meter

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"parfor.dev/parfor/observe"
)

const (
	maxGroups   = 100
	maxExamples = 3
	otherGroup  = "other errors" // what comes when there are maxGroups
)

// groups counts errors by what their texts have in common.
type groups struct {
	mu     sync.Mutex
	byText map[string]int // place in all
	all    []observe.Group
	shared bool // all was given to a frame: copy before the next change

	lastRaw string // a loop that fails mostly fails alike: spares the walk
	last    int
}

// classify counts an error in, and tells of a group when it is new.
func (w *watch) classify(index, attempt int, err error, retried bool) {
	raw := errorText(err)
	group, isNew := w.groups.count(raw, index, attempt, retried)
	if isNew {
		w.event(observe.Event{Kind: observe.ErrorGroup, Worker: -1, Index: index, Text: group})
	}
}

// MessageOf is the [Message] of an error.
func MessageOf(err error) string { return Message(errorText(err)) }

// errorText outlives an Error method that panics, as that of a nil pointer does.
func errorText(err error) (s string) {
	defer func() {
		if recover() != nil {
			s = fmt.Sprintf("%T whose Error method panics", err)
		}
	}()
	return err.Error()
}

func (g *groups) count(raw string, index, attempt int, retried bool) (text string, isNew bool) {
	raw = raw[:min(len(raw), maxRaw)]
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.all) == 0 || raw != g.lastRaw {
		g.mu.Unlock()
		text = Message(raw)
		g.mu.Lock()
		g.lastRaw = strings.Clone(raw) // raw may be a slice of something large
		g.last, isNew = g.find(text)
	}
	if g.shared {
		g.all, g.shared = slices.Clone(g.all), false
	}
	e := &g.all[g.last]
	if e.Count+e.Retried == 0 {
		e.First = index
	}
	if retried {
		e.Retried++
	} else {
		e.Count++
	}
	e.Attempts = max(e.Attempts, attempt)
	if len(e.Examples) < maxExamples && !slices.Contains(e.Examples, index) {
		e.Examples = append(slices.Clip(e.Examples), index) // clipped: a frame may hold the old one
	}
	return e.Text, isNew
}

func (g *groups) find(text string) (place int, isNew bool) {
	if i, ok := g.byText[text]; ok {
		return i, false
	}
	if len(g.all) >= maxGroups {
		text = otherGroup
		if i, ok := g.byText[text]; ok {
			return i, false
		}
	}
	if g.byText == nil {
		g.byText = map[string]int{}
	}
	g.byText[text] = len(g.all)
	if g.shared {
		g.all, g.shared = slices.Clone(g.all), false
	}
	g.all = append(g.all, observe.Group{Text: text})
	return len(g.all) - 1, true
}

// list is for frames; it stays as it is.
func (g *groups) list() []observe.Group {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shared = true
	return g.all
}

func lostText(n int) string {
	return fmt.Sprintf("%d events were dropped: an observer is too slow for them", n)
}
