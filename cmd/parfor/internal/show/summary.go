package show

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

// Summary is what records came to.
type Summary struct {
	Count    map[record.Status]int
	Attempts int
	First    time.Time // when the first of them started
	Last     time.Time // when the last of them ended

	times  *hdrhistogram.Histogram // µs
	groups map[string]*group
	order  []*group
}

// group are failures whose texts differ only in numbers and the like.
type group struct {
	text  string
	count int
	keys  []string
}

const (
	mostGroups = 100
	groupKeys  = 5
)

// NewSummary returns an empty one.
func NewSummary() *Summary {
	return &Summary{Count: map[record.Status]int{}, times: hdrhistogram.New(1, int64(24*time.Hour/time.Microsecond), 3), groups: map[string]*group{}}
}

// Add counts a record.
func (s *Summary) Add(k results.Kept) {
	s.Count[k.Status]++
	s.Attempts += k.Attempts
	s.times.RecordValue(min(max(int64(k.MS*1000), 1), s.times.HighestTrackableValue())) //nolint:errcheck // it is in range
	if s.First.IsZero() || k.Started.Before(s.First) {
		s.First = k.Started
	}
	if end := k.Started.Add(time.Duration(k.MS * float64(time.Millisecond))); end.After(s.Last) {
		s.Last = end
	}
	if k.Status != record.OK {
		s.fail(k)
	}
}

var varying = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"[^"]*"|'[^']*'|0x[0-9a-fA-F]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d+(\.\d+)*`)
})

func (s *Summary) fail(k results.Kept) {
	text := k.Error
	if text == "" {
		text = string(k.Status)
	}
	first, _, _ := strings.Cut(text, "\n")
	shape := varying().ReplaceAllString(first, "#")
	g := s.groups[shape]
	if g == nil && len(s.order) >= mostGroups {
		shape, first = "", "others"
		g = s.groups[shape]
	}
	if g == nil {
		g = &group{text: first}
		s.groups[shape] = g
		s.order = append(s.order, g)
	}
	g.count++
	if len(g.keys) < groupKeys {
		g.keys = append(g.keys, k.Key)
	}
}

// Total is how many records there are.
func (s *Summary) Total() (n int) {
	for _, c := range s.Count {
		n += c
	}
	return n
}

// Write writes the summary for people.
func (s *Summary) Write(w io.Writer, file string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d results", file, s.Total())
	for _, st := range []record.Status{record.OK, record.Failed, record.Timeout, record.Canceled} {
		if n := s.Count[st]; n > 0 {
			fmt.Fprintf(&b, " · %d %s", n, st)
		}
	}
	b.WriteByte('\n')
	if s.Total() > 0 {
		fmt.Fprintf(&b, "from %s to %s, %v; %d attempts\n", s.First.Local().Format(time.DateTime), s.Last.Local().Format(time.DateTime),
			s.Last.Sub(s.First).Round(time.Millisecond), s.Attempts)
		fmt.Fprintf(&b, "ms: p50 %s  p90 %s  p99 %s  p99.9 %s  max %s\n", s.ms(50), s.ms(90), s.ms(99), s.ms(99.9), s.ms(100))
	}
	slices.SortStableFunc(s.order, func(a, b *group) int { return b.count - a.count })
	for _, g := range s.order {
		keys := strings.Join(shortened(g.keys), ", ")
		if g.count > len(g.keys) {
			keys += " …"
		}
		fmt.Fprintf(&b, "  %6d × %s (%s)\n", g.count, line(g.text, 120), keys)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Summary) ms(percent float64) string {
	ms := float64(s.times.ValueAtPercentile(percent)) / 1000
	if ms >= 100 {
		return strconv.FormatFloat(ms, 'f', 0, 64)
	}
	return strconv.FormatFloat(ms, 'g', 3, 64)
}

func shortened(keys []string) (all []string) {
	for _, k := range keys {
		all = append(all, line(k, 40))
	}
	return all
}

// line is a text that fits in one, without what a terminal would act on.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
