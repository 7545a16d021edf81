package progress

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"parfor.dev/parfor/observe"
)

const (
	eraseLine = "\r\x1b[K"
	atMost    = early            // between two plain lines, whatever happens: a quick loop has none
	atLeast   = 10 * time.Second // a sign of life
)

// percentSteps are those at which a plain line is due.
var percentSteps = [...]float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5}

// line is the observer behind Line.
type line struct {
	w     io.Writer
	mode  Mode
	width int // 0: the terminal's
	color bool

	mu     sync.Mutex
	tracks []*track // of the loops that run, the oldest first
	drawn  bool     // a line stands there that must be erased
	failed bool     // a write did
	open   bool     // what was written above has not ended its line
}

func (l *line) find(loop uint64) *track {
	i := slices.IndexFunc(l.tracks, func(t *track) bool { return t.start.Loop == loop })
	if i < 0 {
		return &track{start: observe.Start{Loop: loop}} // an observer put on halfway
	}
	return l.tracks[i]
}

func (l *line) Start(s observe.Start) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tracks = append(l.tracks, &track{start: s, frame: observe.Frame{Total: s.Total}})
}

func (l *line) Frame(f observe.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.find(f.Loop)
	t.update(f)
	switch {
	case l.mode == Plain:
		l.sayPlain(t)
	case len(l.tracks) > 0 && t == l.tracks[0]: // the oldest sets the pace for all
		l.draw("")
	}
}

func (l *line) Event(e observe.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.find(e.Loop).heard(e)
}

func (l *line) End(e observe.End) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.find(e.Loop)
	t.update(e.Frame)
	l.tracks = slices.DeleteFunc(l.tracks, func(o *track) bool { return o == t })
	text := receipt(t, e.Err, l.color)
	if l.mode == Plain {
		l.write(text)
		return
	}
	l.draw(text)
}

// draw erases the line, writes text above it, and draws it again.
func (l *line) draw(text string) {
	width := l.width
	if width == 0 {
		width = 80
		if n, ok := columns(l.w); ok && n > 0 {
			width = n
		}
	}
	if l.open && text == "" {
		return // somebody's text waits for the end of its line
	}
	width-- // in the last column some terminals wrap
	s := text
	if l.drawn {
		s = eraseLine + text
	}
	if l.open {
		s, l.open = "\n"+s, false
	}
	l.drawn = len(l.tracks) > 0
	switch len(l.tracks) {
	case 0:
	case 1:
		s += single(l.tracks[0], width, l.color)
	default:
		s += several(l.tracks, width, l.color)
	}
	l.write(s)
}

func (l *line) sayPlain(t *track) {
	x, known := t.fraction()
	step := t.step
	for known && step < len(percentSteps) && x >= percentSteps[step] {
		step++
	}
	since := t.frame.At - t.said
	if since < atMost || step == t.step && since < atLeast {
		return
	}
	t.said, t.step = t.frame.At, step
	s := t.name() + ": "
	if known {
		s += fmt.Sprintf("%d %% ", int(x*100))
	}
	s += t.done() + " · " + speed(t.pace.perSecond())
	if t.frame.Total >= 0 {
		s += " · " + t.eta()
	}
	if n := t.frame.Totals.Failed; n > 0 {
		s += " · " + count(n) + " failed"
	}
	l.write(s + "\n")
}

func (l *line) write(s string) {
	if l.failed || s == "" {
		return
	}
	if _, err := io.WriteString(l.w, s); err != nil {
		l.failed = true
	}
}
