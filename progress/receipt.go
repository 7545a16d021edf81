package progress

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

const maxKinds = 3 // of errors in a receipt

// receipts is the observer behind Receipt: a line that is never drawn.
type receipts struct{ line }

func (r *receipts) Frame(observe.Frame) {}

// receipt is one or two lines about a loop that has ended, and one for each
// dictionary that was used.
func receipt(t *track, err error, color bool) string {
	sum, took := t.frame.Totals, t.frame.At
	ran := sum.OK + sum.Failed
	mark, markColor := "✔", green
	if err != nil || sum.Failed > 0 {
		mark, markColor = "✘", red
	}
	if color {
		mark = markColor + mark + plain
	}

	ps := []string{count(sum.OK) + " ok"}
	add := func(show bool, s string) {
		if show {
			ps = append(ps, s)
		}
	}
	add(sum.Failed > 0, count(sum.Failed)+" failed")
	add(sum.Skipped > 0, count(sum.Skipped)+" resumed")
	rest := int64(t.frame.Total) - sum.Done()
	add(t.frame.Total >= 0 && rest > 0, count(rest)+" not run")
	add(sum.Retried > 0, count(sum.Retried)+" retried")
	add(true, span(took))
	add(took > 0 && ran > 0, speed(float64(ran)/took.Seconds()))
	if h := t.frame.Hist; h.Count() > 0 {
		add(true, percentiles(h))
	}
	add(t.workers() > 0, plural(t.workers(), "worker")+busy(sum.Busy, took, t.workers()))
	add(t.deaths > 0, count(t.deaths)+" died")
	if err != nil && sum.Failed == 0 {
		text := meter.MessageOf(err)
		if t.frame.Total < 0 || rest > 0 {
			text = "stopped: " + text
		}
		add(true, text)
	}
	return mark + " " + t.name() + ": " + strings.Join(ps, " · ") + "\n" + kinds(t.frame) + dicts(t.frame.Dicts)
}

// busy is left out where nobody timed the bodies.
func busy(in, took time.Duration, workers int) string {
	if in == 0 || took == 0 {
		return ""
	}
	return fmt.Sprintf(", %.0f %% busy", min(100*float64(in)/float64(took)/float64(workers), 100))
}

// kinds is the line about errors: of the items that failed or, if none did,
// of the attempts that were tried again.
func kinds(f observe.Frame) string {
	total, of, text := f.Totals.Failed, func(g observe.Group) int64 { return g.Count }, "failed"
	if total == 0 {
		total, of, text = f.Totals.Retried, func(g observe.Group) int64 { return g.Retried }, "tried again"
	}
	gs := slices.DeleteFunc(slices.Clone(f.Groups), func(g observe.Group) bool { return of(g) == 0 })
	if len(gs) == 0 {
		return ""
	}
	slices.SortStableFunc(gs, func(a, b observe.Group) int { return int(of(b) - of(a)) })

	var ps []string
	for i, g := range gs {
		if i == maxKinds {
			ps = append(ps, plural(len(gs)-i, "more kind"))
			break
		}
		ps = append(ps, fmt.Sprintf("%s ×%d (%s)", clean(g.Text), of(g), items(g, of(g))))
	}
	head := strconv.FormatInt(total, 10)
	if f.Totals.Failed > 0 && f.Total >= 0 {
		head += fmt.Sprintf(" of %d", f.Total)
	}
	return "  " + head + " " + text + ": " + strings.Join(ps, ", ") + "\n"
}

func items(g observe.Group, n int64) string {
	ids := slices.Clone(g.Examples)
	slices.Sort(ids)
	s := "items "
	if len(ids) == 1 {
		s = "item "
	}
	for i, id := range ids {
		if i > 0 {
			s += ", "
		}
		s += strconv.Itoa(id)
	}
	if n > int64(len(ids)) && len(ids) > 1 {
		s += " …"
	}
	return s
}
