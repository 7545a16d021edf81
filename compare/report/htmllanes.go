package report

import "strconv"

// lanes is the frame that the page's script draws in, and for those without
// script, or without sight, the same as a table: what each worker did.
func (p *page) lanes(r *Report) {
	total := 0
	for _, l := range r.Lanes {
		total += len(l.Spans)
	}
	if total == 0 {
		return
	}
	p.WriteString(`<section>
<h2>Who ran what when</h2>
<p class="m">One row per worker, one clock for all. A tall bar is an answer other than 2xx. Point at a bar, or focus a chart and walk with ← and →; + and − zoom, 0 shows all.</p>
<noscript><p>The drawing needs the page's script; the table below says the same in numbers.</p></noscript>
<p id="zoom" hidden><button type="button" data-zoom="in">Zoom in</button> <button type="button" data-zoom="out">Zoom out</button> <button type="button" data-zoom="left">Earlier</button> <button type="button" data-zoom="right">Later</button> <button type="button" data-zoom="all">All</button></p>
<div id="lanes"></div>
<p id="span" role="status" aria-live="polite"></p>
<details>
<summary>Per worker</summary>
`)
	var rows [][]string
	for _, l := range r.Lanes {
		rows = append(rows, l.perWorker()...)
	}
	p.table("What each worker did", []string{"way", "worker", "items", "busy", "until", "not 2xx"}, rows)
	p.WriteString("</details>\n</section>\n")
}

// perWorker sums up each worker: items, share of the run it was busy.
func (l Lanes) perWorker() [][]string {
	type sum struct {
		items, bad  int
		busy, until Seconds
	}
	workers := make([]sum, min(max(l.Workers, 0), 1024))
	var end Seconds
	for _, s := range l.Spans {
		if s.Worker < 0 || s.Worker >= len(workers) || !s.Start.known() || !s.Took.known() {
			continue
		}
		w := &workers[s.Worker]
		w.items++
		if s.Status < 200 || s.Status > 299 {
			w.bad++
		}
		w.busy += s.Took
		w.until = max(w.until, s.Start+s.Took)
		end = max(end, w.until)
	}
	rows := make([][]string, 0, len(workers))
	for i, w := range workers {
		busy := missing
		if end > 0 {
			busy = strconv.Itoa(int(w.busy/end*100+0.5)) + " %"
		}
		rows = append(rows, []string{l.Name, strconv.Itoa(i + 1), count(w.items), busy, positive(float64(w.until)), strconv.Itoa(w.bad)})
	}
	return rows
}
