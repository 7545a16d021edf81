// Package progress shows people how their loops get on: [Line] a live line on
// a terminal or a few plain ones in a log, [Receipt] what it came to, [JSON] a
// stream for other programs.
//
//	codes, err := parfor.Map(ctx, items, post, parfor.Observe(progress.Line(os.Stderr)))
//
// One observer may watch any number of loops, one after another or at once.
// Nothing it writes contains an input: items are shown by index, error texts
// with numbers, quoted text and paths taken out.
//
// line.go holds the observer behind Line, layout.go what the line looks like,
// pace.go rate and time left, receipt.go and json.go the other two.
package progress

import (
	"io"
	"os"

	"parfor.dev/parfor/observe"
)

// Mode is how [Line] writes.
type Mode int

// Modes of [Line].
const (
	// Auto is Terminal if the writer is one, TERM is not "dumb", and CI is not
	// set; else Plain.
	Auto Mode = iota
	// Terminal rewrites one line in place, 5 times a second.
	Terminal
	// Plain writes a line when 1, 2, 5, 10, 20 or 50 percent are passed, at most
	// one in 3 seconds and at least one in 10: none for a quick loop.
	Plain
)

// Option changes what [Line] does.
type Option func(*line)

// As fixes the mode. Default: Auto.
func As(m Mode) Option { return func(l *line) { l.mode = m } }

// Width fixes the width of the line in columns, 20 at least. Default: the
// terminal's, asked again for each line, and 80 if it doesn't tell.
func Width(columns int) Option { return func(l *line) { l.width = max(columns, 20) } }

// Color says whether the line is coloured. Default: on a terminal unless
// NO_COLOR is set.
func Color(on bool) Option { return func(l *line) { l.color = on } }

// Line shows loops while they run, and a receipt when each ends. On a terminal
// that is one line for all of them together, which erases itself; what the
// program prints to the same terminal meanwhile may run into it. After a
// failed write it writes nothing more. The observer is safe for concurrent use.
func Line(w io.Writer, opts ...Option) observe.Observer {
	l := &line{w: w, color: os.Getenv("NO_COLOR") == ""}
	for _, o := range opts {
		o(l)
	}
	if l.mode == Auto {
		l.mode = Plain
		if _, ok := columns(w); ok && os.Getenv("TERM") != "dumb" && !inCI() {
			l.mode = Terminal
		}
	}
	l.color = l.color && l.mode == Terminal
	return l
}

// Receipt says in one or two lines what each loop came to, when it has ended:
//
//	✘ post: 9,963 ok · 37 failed · 12s · 806/s · p50 38ms p99 92ms · 32 workers, 98 % busy
//	  37 of 10000 failed: connection refused ×35 (items 17, 230, 411 …), EOF ×2 (items 5, 9)
func Receipt(w io.Writer) observe.Observer { return &receipts{line: line{w: w, mode: Plain}} }

func inCI() bool {
	switch os.Getenv("CI") {
	case "", "0", "false":
		return false
	}
	return true
}
