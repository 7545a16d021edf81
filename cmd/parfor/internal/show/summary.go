package show

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

// summary is what is told of records.
type summary struct {
	counts   map[record.Status]int
	all      int
	attempts int
	again    int // items with more than one attempt
	sum      float64
	min, max float64
	first    time.Time
	last     time.Time
	times    *hdrhistogram.Histogram // microseconds
	failures failures
}

// An hour-long item is counted exactly to 0.1 %; beyond a week all are a week.
const maxMicros = 7 * 24 * 3600 * 1_000_000

func summarise(w io.Writer, path string, all records) error {
	s := summary{counts: map[record.Status]int{}, failures: failures{map[string]*kind{}}, times: hdrhistogram.New(1, maxMicros, 3)}
	for r, err := range all {
		if err != nil {
			return err
		}
		s.add(&r)
	}
	b := buffered(w)
	if source := results.Source(path); source != path {
		b.line(fmt.Sprintf("(%s is not finished: this is its journal)", path))
	}
	s.print(b, path)
	return b.end(nil)
}

func (s *summary) add(r *record.Record) {
	s.all++
	s.counts[r.Status]++
	s.attempts += r.Attempts
	if r.Attempts > 1 {
		s.again++
	}
	if r.Status != record.OK {
		s.failures.add(r)
	}
	if r.Started.IsZero() { // it never began
		return
	}
	if s.first.IsZero() || r.Started.Before(s.first) {
		s.first = r.Started
	}
	if end := r.Started.Add(time.Duration(r.MS * float64(time.Millisecond))); end.After(s.last) {
		s.last = end
	}
	s.sum += r.MS
	if s.max = max(s.max, r.MS); s.times.TotalCount() == 0 || r.MS < s.min {
		s.min = r.MS
	}
	micros := int64(min(maxMicros, max(0, math.Round(r.MS*1000))))
	_ = s.times.RecordValue(micros) // it is in the histogram's range
}

func (s *summary) print(b buffer, path string) {
	line := fmt.Sprintf("%s: %s", path, counted(s.all, "record"))
	for _, status := range known {
		if n := s.counts[status]; n > 0 {
			line += fmt.Sprintf("  %s %d", status, n)
		}
	}
	b.line(line)
	if n := s.times.TotalCount(); n > 0 {
		took := s.last.Sub(s.first)
		b.line(fmt.Sprintf("from %s, %s in all, items together %s", s.first.UTC().Format(time.RFC3339), duration(took), duration(time.Duration(s.sum*1e6))))
		line = "ms  min " + millis(s.min)
		for _, q := range []float64{50, 90, 95, 99, 99.9} {
			line += fmt.Sprintf("  p%v %s", q, millis(float64(s.times.ValueAtQuantile(q))/1000))
		}
		b.line(line + fmt.Sprintf("  max %s  mean %s", millis(s.max), millis(s.sum/float64(n))))
	}
	if s.again > 0 {
		b.line(fmt.Sprintf("attempts %d: %s took more than one", s.attempts, counted(s.again, "item")))
	}
	s.printFailures(b, path)
}

const shownKinds = 20

func (s *summary) printFailures(b buffer, path string) {
	kinds := s.failures.sorted()
	if len(kinds) == 0 {
		return
	}
	b.line("failures:")
	for i, k := range kinds {
		if i == shownKinds {
			b.line(fmt.Sprintf("  and %s more", counted(len(kinds)-i, "kind")))
			break
		}
		more := ""
		if n := k.count - len(k.keys); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		b.line(fmt.Sprintf("  %d × %s", k.count, k.text))
		b.line(fmt.Sprintf("      %s%s", plain(strings.Join(k.keys, ", "), 200), more))
	}
	b.line(fmt.Sprintf("list them: parfor show %s --failed --format table", path))
}

// millis shows three digits that count.
func millis(ms float64) string {
	switch {
	case ms >= 100:
		return fmt.Sprintf("%.0f", ms)
	case ms >= 10:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.2f", ms)
}

func duration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// plain is a text for a terminal: one line, no control characters, so long.
func plain(s string, width int) string {
	var b strings.Builder
	n := 0
	for _, c := range s {
		if n++; n > width {
			return b.String() + "…"
		}
		switch {
		case c == '\n' || c == '\t' || c == '\r':
			c = ' '
		case c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u2028' || c == '\u2029' || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069:
			c = '\uFFFD'
		}
		b.WriteRune(c)
	}
	return b.String()
}
