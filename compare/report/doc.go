// Package report holds the outcome of one experiment, a [Report], and draws it:
// a terminal table with a chart, JSON with every raw run, CSV, SVG, and one
// HTML file that needs nothing beside it.
//
// A Report keeps samples and nothing derived from them: medians, bands, ratios
// and verdicts are computed where they are shown, so a report read back from
// its JSON says exactly what the first one said.
//
// # Reading order
//
//   - report.go: the types; run.go: one measurement and what is computed of several
//   - text.go, ways.go, grid.go, chart.go, closing.go: the terminal, piece by piece ([Text]) or whole ([WriteTable])
//   - json.go, csv.go: machines
//   - view.go, overlay.go: other ways to draw, and several files on one chart
//   - plot.go, scale.go, labels.go, axes.go, strokes.go, svg.go: the drawing
//   - html.go, htmltables.go, htmllanes.go with page.css and page.js: the page
//   - advice.go, advicesweep.go: the sentences that follow from the numbers
//
// Nothing here starts a goroutine, reads a clock or opens a file, [ThisMachine]
// apart. Writers return the first error of their io.Writer. All functions may be
// called concurrently as long as nobody changes the report meanwhile.
package report
