package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// WriteHTML writes one page that needs nothing beside it: the chart, who ran
// what when, every run, the dictionary, and the whole report as JSON. It opens
// from a disk under the content security policy "default-src 'none'", in which
// only its own style and script, named by their hashes, may run. The default
// experiment makes about 130 KB, most of it the lanes.
func WriteHTML(w io.Writer, r *Report) error { return View{}.WriteHTML(w, r) }

// WriteHTML writes the page of the package's function with its charts drawn
// in this view. Tables are of times in any case.
func (v View) WriteHTML(w io.Writer, r *Report) error {
	data, err := json.Marshal(r.portable())
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	style := pageStyle + svgStyle
	p := &page{}
	p.add(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="%s">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
`, Schema, sourceHash(style), sourceHash(pageScript), r.title())
	// Raw: what the hashes cover must reach the page byte for byte.
	p.WriteString("<style>" + style + "</style>\n</head>\n<body>\n")
	p.heading(r)
	p.charts(v, r)
	p.tables(r)
	p.lanes(r)
	p.runs(r)
	p.kept(r)
	p.about(r)
	// encoding/json writes <, > and & as \u003c …, so that no string of the
	// report can end the element.
	p.WriteString(`<script type="application/json" id="data">`)
	p.Write(data)
	p.WriteString("</script>\n<script>" + pageScript + "</script>\n</body>\n</html>\n")
	_, err = io.WriteString(w, p.String())
	return err
}

// Ours says whether a file that begins with head was written by this package
// (HTML, JSON, SVG or CSV) and may thus be replaced. 4 KiB are enough.
func Ours(head []byte) bool {
	s := string(head)
	return strings.Contains(s, `<meta name="generator" content="`+Schema+`">`) ||
		strings.HasPrefix(s, "{\n \"schema\": \""+Schema+`"`) ||
		strings.Contains(s, "<metadata>"+Schema+"</metadata>") ||
		strings.HasPrefix(s, csvHeading[0]+","+csvHeading[1]+","+csvHeading[2]+",")
}

func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (r *Report) title() string {
	if r.Started.IsZero() {
		return "parfor compare"
	}
	return "parfor compare, " + r.Started.Format("2006-01-02 15:04")
}

// page is HTML being written.
type page struct{ strings.Builder }

// add writes a format whose string arguments are escaped.
func (p *page) add(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = escape(s)
		}
	}
	fmt.Fprintf(p, format, args...)
}

// table writes a table in a box of its own that scrolls on narrow screens and
// can be reached by keyboard. The first column names the row.
// Columns in which nothing was measured are left out.
func (p *page) table(caption string, head []string, rows [][]string) {
	for i := len(head) - 1; i > 0; i-- {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[i] != missing }) {
			head = slices.Delete(slices.Clone(head), i, i+1)
			for j := range rows {
				rows[j] = slices.Delete(rows[j], i, i+1)
			}
		}
	}
	p.add(`<div class="scroll" tabindex="0" role="region" aria-label="%s">`+"\n<table>\n<caption>%s</caption>\n<thead><tr>", caption, caption)
	for _, h := range head {
		p.add(`<th scope="col">%s</th>`, h)
	}
	p.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range rows {
		for i, cell := range row {
			if i == 0 {
				p.add(`<tr><th scope="row">%s</th>`, cell)
			} else {
				p.add("<td>%s</td>", cell)
			}
		}
		p.WriteString("</tr>\n")
	}
	p.WriteString("</tbody>\n</table>\n</div>\n")
}

func (p *page) heading(r *Report) {
	p.add("<header>\n<h1>%s</h1>\n", r.title())
	for _, s := range r.sources() {
		p.add("<p class=\"m\">%s</p>\n", s)
	}
	p.WriteString("</header>\n<main>\n")
	if len(r.Checks.Problems) > 0 {
		p.add("<section class=\"wrong\" role=\"alert\">\n<h2>Wrong answers</h2>\n<p>%s</p>\n<ul>\n", r.Checks.line())
		for i, s := range r.Checks.Problems {
			if i == 50 {
				p.add("<li>… and %d more, all in the JSON</li>\n", len(r.Checks.Problems)-i)
				break
			}
			p.add("<li>%s</li>\n", s)
		}
		p.WriteString("</ul>\n</section>\n")
	}
	if len(r.Advice) > 0 {
		p.WriteString("<section class=\"advice\">\n<h2>What follows</h2>\n")
		for _, s := range r.Advice {
			p.add("<p>%s</p>\n", s)
		}
		p.WriteString("</section>\n")
	}
}

// charts draws every grid twice, for wide and for narrow screens: a drawing
// scaled down to a phone has letters that nobody can read.
func (p *page) charts(v View, r *Report) {
	p.WriteString("<section>\n<h2>Chart</h2>\n")
	drawn := false
	for _, g := range []*Grid{r.Grid, r.Sweep} {
		if g == nil || len(gridLines(g)) == 0 {
			continue
		}
		drawn = true
		plot := v.Plot(g)
		p.WriteString("<figure>\n<div class=\"wide\">" + plot.svg(Size{}, "") + "</div>\n<div class=\"narrow\">" + plot.svg(Size{420, 440}, "") + "</div>\n")
		p.WriteString("<figcaption>")
		if names := g.startIncluded(); names != "" {
			p.add("%s: start-up included. ", names)
		}
		if g.Caveat != "" {
			p.add("%s ", g.Caveat)
		}
		for _, m := range plot.Marks {
			p.add("%s. ", m.Text)
		}
		p.WriteString("Nothing is extrapolated: a line ends where measuring ended.</figcaption>\n</figure>\n")
	}
	if !drawn {
		p.WriteString("<p>Nothing was measured.</p>\n")
	}
	p.WriteString("</section>\n")
}
