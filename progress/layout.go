package progress

import (
	"fmt"
	"math"
	"strings"
	"time"

	"parfor.dev/parfor/observe"
)

// track is what is known about a loop that runs.
type track struct {
	start observe.Start
	frame observe.Frame // the last one
	pace  pace

	paused bool          // by a Control
	deaths int           // of workers
	said   time.Duration // when the last plain line was written
	step   int           // percentSteps passed by then
}

func (t *track) update(f observe.Frame) {
	f.Slices = nil
	t.frame = f
	ran := f.Totals.OK + f.Totals.Failed
	if t.paused {
		t.pace.skip(f.At, ran)
		return
	}
	t.pace.add(f.At, ran)
}

// heard is what an event changes.
func (t *track) heard(e observe.Event) {
	switch {
	case e.Died():
		t.deaths++
	case e.Kind == observe.Steered && e.Index < 0:
		t.paused = e.Text == "paused"
	}
}

func (t *track) name() string {
	if t.start.Name == "" {
		return fmt.Sprintf("loop %d", t.start.Loop)
	}
	return clean(t.start.Name)
}

func (t *track) workers() int { return max(t.start.Workers, len(t.frame.Workers)) }

// fraction is how much of the loop is done, if the total is known. As percent
// it is rounded down: 100 % is when all is done.
func (t *track) fraction() (float64, bool) {
	if t.frame.Total <= 0 {
		return 0, false
	}
	return min(float64(t.frame.Totals.Done())/float64(t.frame.Total), 1), true
}

func (t *track) done() string {
	n := count(t.frame.Totals.Done())
	if t.frame.Total < 0 {
		return n + " done"
	}
	return n + "/" + count(t.frame.Total)
}

func (t *track) eta() string {
	if t.paused {
		return "paused"
	}
	if d, ok := t.pace.left(t.frame, t.workers()); ok {
		return "ETA " + about(d)
	}
	return "ETA –"
}

// part is a piece of the line. When the line is too long, parts with a high
// rank go first.
type part struct {
	text  string
	rank  int
	color string
}

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

// parts are those of a line that has room for a single loop.
func (t *track) parts() []part {
	ps := []part{{text: t.name(), rank: 5}}
	if x, ok := t.fraction(); ok {
		ps = append(ps,
			part{text: bar(x, 20), rank: 6, color: green},
			part{text: fmt.Sprintf("%.1f %%", math.Floor(x*1000)/10), rank: 1})
	}
	ps = append(ps, part{text: t.done(), rank: 0}, part{text: speed(t.pace.perSecond()), rank: 3})
	if t.frame.Total >= 0 {
		ps = append(ps, part{text: t.eta(), rank: 2})
	}
	sum := t.frame.Totals
	if sum.Failed > 0 {
		ps = append(ps, part{text: count(sum.Failed) + " failed", rank: 4, color: red})
	}
	if sum.Retried > 0 {
		ps = append(ps, part{text: count(sum.Retried) + " retried", rank: 7})
	}
	if t.deaths > 0 {
		ps = append(ps, part{text: plural(t.deaths, "worker") + " died", rank: 7, color: red})
	}
	ps = append(ps, part{text: count(sum.Running) + " running", rank: 8})
	if h := t.frame.Hist; h.Count() > 0 {
		ps = append(ps, part{text: percentiles(h), rank: 9})
	}
	return ps
}

// brief is a loop's part of a line that several share.
func (t *track) brief() part {
	s := t.name()
	if x, ok := t.fraction(); ok {
		s += fmt.Sprintf(" %d %%", int(x*100))
	}
	s += " " + t.done() + " " + speed(t.pace.perSecond())
	if n := t.frame.Totals.Failed; n > 0 {
		return part{text: s + ", " + count(n) + " failed", color: red}
	}
	return part{text: s}
}

func percentiles(h observe.Hist) string {
	return "p50 " + span(h.Quantile(0.5)) + " p99 " + span(h.Quantile(0.99))
}

// bar draws x of n cells, with eighths of a cell.
func bar(x float64, n int) string {
	eighths := int(x * float64(n) * 8)
	s := strings.Repeat("█", eighths/8)
	if eighths%8 > 0 {
		s += string(rune('▉' + 7 - eighths%8)) // ▉ is seven eighths, ▏ one
	}
	return s + strings.Repeat("░", n-(eighths+7)/8)
}

// single fits a loop's parts into the width.
func single(t *track, width int, color bool) string {
	ps := t.parts()
	for len(ps) > 1 && lineWidth(ps, "  ") > width {
		drop := 0
		for i := range ps {
			if ps[i].rank > ps[drop].rank {
				drop = i
			}
		}
		ps = append(ps[:drop], ps[drop+1:]...)
	}
	return join(ps, "  ", width, color)
}

// several fits loops into the width, the oldest first, and counts the rest.
func several(ts []*track, width int, color bool) string {
	var ps []part
	for _, t := range ts {
		ps = append(ps, t.brief())
	}
	for n := len(ps) - 1; n > 0 && lineWidth(ps, " · ") > width; n-- {
		ps = append(ps[:n], part{text: fmt.Sprintf("+%d more", len(ts)-n)})
	}
	return join(ps, " · ", width, color)
}

func lineWidth(ps []part, sep string) int {
	n := (len(ps) - 1) * wide(sep)
	for _, p := range ps {
		n += wide(p.text)
	}
	return n
}

func join(ps []part, sep string, width int, color bool) string {
	if lineWidth(ps, sep) > width { // the last one standing
		return cut(ps[0].text, width)
	}
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteString(sep)
		}
		if color && p.color != "" {
			b.WriteString(p.color + p.text + plain)
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}
