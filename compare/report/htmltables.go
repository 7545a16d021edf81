package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tables are the blocks and grids with their bands.
func (p *page) tables(r *Report) {
	p.WriteString("<section>\n<h2>Numbers</h2>\n")
	if r.Ways != nil {
		p.block(r.Ways)
		if r.WaysNote != "" {
			p.add("<p>%s</p>\n", r.WaysNote)
		}
	}
	p.grid(r.Grid)
	p.grid(r.Sweep)
	for _, blocks := range [][]Block{r.Dictionary, r.CPU} {
		for i := range blocks {
			p.block(&blocks[i])
		}
	}
	if len(r.Checks.Problems) == 0 && len(r.Sources) == 0 {
		p.add("<p>%s</p>\n", r.Checks.line())
	}
	p.WriteString("</section>\n")
}

func (p *page) block(b *Block) {
	if len(b.Ways) == 0 {
		return
	}
	rows := make([][]string, 0, len(b.Ways))
	for i := range b.Ways {
		w := &b.Ways[i]
		t := Times(w.Runs)
		rows = append(rows, []string{w.Name, strconv.Itoa(w.Workers), duration(t.Median), t.spread(), orMissing(ratio(b.faster(w))),
			positive(BandOf(w.Runs, startup).Median), positive(b.cpuPerItem(w)), w.memory(), strconv.Itoa(len(w.Runs))})
	}
	p.table(b.Title, []string{"way", "workers", "median", "fastest to slowest", "faster", "start", "CPU per item", "memory", "runs"}, rows)
	if b.Note != "" {
		p.add("<p class=\"m\">%s</p>\n", b.Note)
	}
}

func (b Band) spread() string {
	if b.N < 2 {
		return missing
	}
	return duration(b.Min) + " to " + duration(b.Max)
}

func (p *page) grid(g *Grid) {
	if g == nil || len(g.Series) == 0 || len(g.Sizes) == 0 {
		return
	}
	head := []string{g.Axis}
	for i, s := range g.Series {
		head = append(head, s.heading(true), "fastest to slowest")
		if i > 0 && !g.overlay() {
			head = append(head, "faster")
		}
	}
	head = append(head, "runs")
	var rows [][]string
	for _, size := range g.Sizes {
		row := []string{count(size)}
		base := g.Cell(size, g.Series[0].Key).times()
		for i, s := range g.Series {
			c := g.Cell(size, s.Key)
			t := c.times()
			text := duration(t.Median)
			if t.N == 0 && c != nil && c.Skipped != "" {
				text = c.Skipped
			}
			row = append(row, text, t.spread())
			if i > 0 && !g.overlay() {
				x := orMissing(ratio(base.Median / t.Median))
				if slower(base, t) {
					x += " slower"
				}
				row = append(row, x)
			}
		}
		rows = append(rows, append(row, strings.TrimSpace(g.runsText(size, true))))
	}
	title := "Time by number of " + g.Axis
	if g.InFlight > 0 {
		title += fmt.Sprintf(", %d in flight", g.InFlight)
	}
	p.table(title, head, rows)
}

// runs lists every measurement, folded away: they are for checking, not for reading.
func (p *page) runs(r *Report) {
	var rows [][]string
	r.eachRun(func(l runLine) {
		rows = append(rows, []string{l.way, l.block, count(l.size), strconv.Itoa(l.workers), strconv.Itoa(l.run.Round), duration(float64(l.run.Took)),
			positive(float64(l.run.Startup)), positive(float64(l.run.CPU)), strconv.Itoa(l.run.Failed)})
	})
	p.add("<section>\n<h2>Every run</h2>\n<details>\n<summary>%s</summary>\n", plural(len(rows), "run"))
	if len(rows) > 0 {
		p.table("Every run", []string{"way", "part", "size", "workers", "round", "took", "start", "CPU", "failed"}, rows)
	}
	p.WriteString("</details>\n<p><button type=\"button\" id=\"save\" hidden>Save as JSON</button></p>\n</section>\n")
}

// keptLimit is how many keys the page shows; the JSON has them all.
const keptLimit = 2000

// kept is the dictionary, its statuses counted and then each key.
func (p *page) kept(r *Report) {
	if len(r.Kept) == 0 {
		return
	}
	counts := map[int]int{}
	for _, status := range r.Kept {
		counts[status]++
	}
	most, sums := 0, []string{}
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		sums = append(sums, fmt.Sprintf("%s× %d", count(counts[status]), status))
		if counts[status] > counts[most] {
			most = status
		}
	}
	p.add("<section>\n<h2>The dictionary</h2>\n<p>number → status, as %s kept it: %s. What isn't %d stands out.</p>\n", r.keptWay(), strings.Join(sums, ", "), most)
	p.add("<details>\n<summary>%s</summary>\n<pre tabindex=\"0\" aria-label=\"the dictionary\">", plural(len(r.Kept), "key"))
	for i, k := range slices.Sorted(maps.Keys(r.Kept)) {
		if i == keptLimit {
			p.add("\n… and %d more, all in the JSON", len(r.Kept)-i)
			break
		}
		if i > 0 {
			p.WriteString(", ")
		}
		if v := r.Kept[k]; v == most {
			fmt.Fprintf(p, "%d:%d", k, v)
		} else {
			fmt.Fprintf(p, "<mark>%d:%d</mark>", k, v)
		}
	}
	p.WriteString("</pre>\n</details>\n</section>\n")
}

func (r *Report) keptWay() string {
	if r.KeptWay == "" {
		return "the last run"
	}
	return r.KeptWay
}

// about is where and how it was measured.
func (p *page) about(r *Report) {
	m := r.Machine
	p.WriteString("<section>\n<h2>How it was measured</h2>\n<dl>\n")
	row := func(name, value string) {
		if value != "" {
			p.add("<dt>%s</dt><dd>%s</dd>\n", name, value)
		}
	}
	if len(r.Sources) > 0 {
		for _, s := range r.Sources {
			row("file", s)
		}
		p.WriteString("</dl>\n</section>\n</main>\n")
		return
	}
	row("command", strings.Join(append([]string{"parfor"}, r.Command...), " "))
	row("machine", fmt.Sprintf("%s, GOMAXPROCS %d, load %.2f at the start", plural(m.Cores, "core"), m.GOMAXPROCS, r.portable().Machine.Load))
	row("processor", m.Model)
	if m.Go != "" {
		row("Go", m.Go+" "+m.OS+"/"+m.Arch)
	}
	row("API", strings.TrimPrefix(r.API.line(), "API: "))
	row("seed", strconv.FormatUint(r.Seed, 10))
	if r.Elapsed > 0 {
		row("took", shortElapsed(float64(r.Elapsed)))
	}
	if r.Interrupted {
		row("ended", "by an interrupt: the rest was not measured")
	}
	row("verdicts", fmt.Sprintf("only with %d runs on both sides, bands apart and Mann–Whitney p below 0.05", minimumRuns))
	p.WriteString("</dl>\n</section>\n</main>\n")
}
