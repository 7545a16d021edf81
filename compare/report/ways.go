package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"parfor.dev/parfor/compare/stat"
)

// Header is the opening: the machine, the seed, the API.
func (t Text) Header(r *Report) string {
	m := r.Machine
	parts := []string{"parfor compare", plural(m.Cores, "core")}
	if m.GOMAXPROCS != m.Cores && m.GOMAXPROCS > 0 {
		parts = append(parts, fmt.Sprintf("GOMAXPROCS %d", m.GOMAXPROCS))
	}
	if m.Go != "" {
		parts = append(parts, m.Go+" "+m.OS+"/"+m.Arch)
	}
	parts = append(parts, fmt.Sprintf("seed %d", r.Seed))
	if r.Budget > 0 {
		parts = append(parts, "budget "+shortDuration(float64(r.Budget)))
	}
	parts = append(parts, "^C keeps what is measured")
	s := t.wrap(strings.Join(parts, " · "), 2)
	if api := r.API.line(); api != "" {
		s += t.wrap(api, 5)
	}
	return s
}

// line describes the API in one sentence; empty if there was none.
func (a API) line() string {
	if a.Text != "" {
		return "API: " + a.Text
	}
	if a.URL == "" {
		return ""
	}
	s := "API: " + a.URL
	if a.Latency > 0 {
		s += ", " + shortDuration(float64(a.Latency)) + " an answer"
	}
	if a.Jitter > 0 {
		s += " ± " + shortDuration(float64(a.Jitter))
	}
	if a.Errors > 0 {
		s += fmt.Sprintf(", %s %% fail", significant(a.Errors*100, 2))
	}
	if a.Rule != "" {
		s += ", " + a.Rule
	}
	return s
}

// waysColumn is one figure of a way's row.
type waysColumn struct {
	head  string
	width int
	value func(b *Block, w *Way) string
}

// waysColumns, with the most expendable last in waysDrop.
var waysColumns = []waysColumn{
	{"workers", 9, func(_ *Block, w *Way) string { return fmt.Sprint(w.Workers) }},
	{"time", 9, func(_ *Block, w *Way) string { return duration(Times(w.Runs).Median) }},
	{"faster", 9, func(b *Block, w *Way) string { return orMissing(ratio(b.faster(w))) }},
	{"start", 9, func(_ *Block, w *Way) string { return positive(BandOf(w.Runs, startup).Median) }},
	{"CPU/req", 10, func(b *Block, w *Way) string { return positive(b.cpuPerItem(w)) }},
	{"memory", 9, func(_ *Block, w *Way) string { return w.memory() }},
	{"runs", 7, func(_ *Block, w *Way) string { return fmt.Sprint(len(w.Runs)) }},
}

var waysDrop = []string{"start", "CPU/req", "memory", "runs", "workers"}

// waysLayout chooses columns and the width of the names.
func (t Text) waysLayout(b *Block) (columns []waysColumn, nameWidth int, short bool) {
	full, brief := utf8.RuneCountInString(b.Title), 0
	for i := range b.Ways {
		full = max(full, 2+utf8.RuneCountInString(b.wayName(i, false)))
		brief = max(brief, 2+utf8.RuneCountInString(b.wayName(i, true)))
	}
	columns = slices.Clone(waysColumns)
	figures := func() (n int) {
		for _, c := range columns {
			n += c.width
		}
		return n
	}
	if full+figures() <= t.width() {
		return columns, full, false
	}
	for _, drop := range waysDrop {
		if brief+figures() <= t.width() {
			break
		}
		columns = slices.DeleteFunc(columns, func(c waysColumn) bool { return c.head == drop })
	}
	return columns, t.width() - figures(), true
}

// Block is a title with its columns, one row per way, and the note; nothing
// without ways.
func (t Text) Block(b *Block) string {
	if b == nil || len(b.Ways) == 0 {
		return ""
	}
	s := t.BlockTitle(b)
	for i := range b.Ways {
		s += t.BlockRow(b, i)
	}
	if b.Note != "" {
		s += t.wrap("  "+b.Note, 2)
	}
	return s
}

// BlockTitle is the line above the rows. The ways' names must be known by then.
func (t Text) BlockTitle(b *Block) string {
	columns, n, _ := t.waysLayout(b)
	s := ""
	if utf8.RuneCountInString(b.Title) > n {
		s, n = t.wrap(b.Title, 2)+strings.Repeat(" ", n), 0
	} else {
		s = left(b.Title, n)
	}
	for _, c := range columns {
		s += right(c.head, c.width)
	}
	return trimLine(s)
}

// BlockRow is the row of the i-th way, measured or not.
func (t Text) BlockRow(b *Block, i int) string {
	columns, n, short := t.waysLayout(b)
	s := left("  "+b.wayName(i, short), n)
	for _, c := range columns {
		s += right(c.value(b, &b.Ways[i]), c.width)
	}
	return trimLine(s)
}

// wayName is what the row says. In the long form "goroutines, x" and
// "processes, y" get their second halves below each other.
func (b *Block) wayName(i int, short bool) string {
	w := &b.Ways[i]
	if short {
		if w.Short != "" {
			return w.Short
		}
		return w.Name
	}
	first, rest, ok := strings.Cut(w.Name, ", ")
	if !ok {
		return w.Name
	}
	widest := 0
	for j := range b.Ways {
		if f, _, ok := strings.Cut(b.Ways[j].Name, ", "); ok {
			widest = max(widest, utf8.RuneCountInString(f))
		}
	}
	return left(first+",", widest+1) + " " + rest
}

// faster is how many times faster than the block's first way.
func (b *Block) faster(w *Way) float64 {
	return Times(b.Ways[0].Runs).Median / Times(w.Runs).Median
}

func (b *Block) cpuPerItem(w *Way) float64 {
	if b.Items <= 0 {
		return math.NaN()
	}
	return BandOf(w.Runs, cpu).Median / float64(b.Items)
}

func (w *Way) memory() string {
	v := make([]float64, 0, len(w.Runs))
	measured := false
	for _, r := range w.Runs {
		v = append(v, float64(r.Memory))
		measured = measured || r.Memory != 0
	}
	if !measured {
		return missing
	}
	return megabytes(stat.Median(v), w.MemoryIsDelta)
}

// Line is a block in one sentence: "title: a 0.74 s · b 0.39 s 1.9x". Ratios
// are shown against a sequential way only.
func (t Text) Line(b *Block) string {
	if len(b.Ways) == 0 {
		return ""
	}
	parts := make([]string, 0, len(b.Ways))
	for i := range b.Ways {
		w := &b.Ways[i]
		p := w.Name + " " + duration(Times(w.Runs).Median)
		if i > 0 && b.Ways[0].Executor == "sequential" {
			if x := ratio(b.faster(w)); x != "" {
				p += " " + x
			}
		}
		parts = append(parts, p)
	}
	s := t.wrap(b.Title+": "+strings.Join(parts, " · "), 2)
	if b.Note != "" {
		s += t.wrap("  "+b.Note, 2)
	}
	return s
}

// positive shows a figure that was measured; 0 stands for "has none".
func positive(s float64) string {
	if !(s > 0) {
		return missing
	}
	return duration(s)
}

func orMissing(s string) string {
	if s == "" {
		return missing
	}
	return s
}
