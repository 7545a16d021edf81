package compare

import (
	"fmt"
	"io"
	"strings"
	"time"

	"parfor.dev/parfor/compare/report"
)

// screen shows the experiment while it runs. On a terminal the table is drawn
// over itself after each run. Elsewhere the header comes at once and the rest
// at the end, once its figures are final, while lines of progress go beside.
type screen struct {
	cfg   *Config
	rep   *report.Report
	text  report.Text
	lines int // of the frame that is on the terminal
}

func newScreen(cfg *Config, rep *report.Report) *screen {
	return &screen{cfg: cfg, rep: rep, text: report.Text{Width: cfg.Width}}
}

func (s *screen) header() { s.print(s.text.Header(s.rep)) }

// print writes to the table's end; a broken pipe shows at the last write.
func (s *screen) print(text string) { _, _ = io.WriteString(s.cfg.Out, text) }

// say adds a line of progress.
func (s *screen) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.cfg.Progress, format+"\n", args...)
}

// busy shows what is being measured.
func (s *screen) busy(c *cell, round int) {
	if s.cfg.Redraw {
		s.draw(fmt.Sprintf("round %d: %d %s, %s …", round, c.job.n, c.job.things, c.way))
	}
}

// done shows a run. On a terminal the next frame has it.
func (s *screen) done(c *cell, o outcome, err error) {
	if s.cfg.Redraw {
		return
	}
	what := fmt.Sprintf("%6d %s, %s", c.job.n, c.job.things, c.way)
	if err != nil {
		s.say("  %-64s WRONG: %v", what, err)
		return
	}
	s.say("  %-64s %10v  run %d", what, (o.took + o.start).Round(10*time.Microsecond), c.runs)
}

// draw replaces the frame by the rows as they stand.
func (s *screen) draw(status string) {
	var b strings.Builder
	if w := s.rep.Ways; w != nil {
		b.WriteString(s.text.BlockTitle(w))
		for i := range w.Ways {
			if len(w.Ways[i].Runs) > 0 {
				b.WriteString(s.text.BlockRow(w, i))
			}
		}
	}
	for _, g := range []*report.Grid{s.rep.Grid, s.rep.Sweep} {
		b.WriteString(s.grid(g))
	}
	b.WriteString(cutTo(status, s.cfg.Width) + "\n")
	frame := b.String()
	lines := strings.Count(frame, "\n")
	// What has scrolled off can't be drawn over: keep the end.
	for s.cfg.Height > 0 && lines >= s.cfg.Height {
		_, frame, _ = strings.Cut(frame, "\n")
		lines--
	}
	s.print(s.erase() + frame)
	s.lines = lines
}

// grid draws the rows that have a run.
func (s *screen) grid(g *report.Grid) string {
	rows := ""
	if g == nil {
		return rows
	}
	for _, size := range g.Sizes {
		for _, series := range g.Series {
			if c := g.Cell(size, series.Key); c != nil && len(c.Runs) > 0 {
				rows += s.text.GridRow(g, size)
				break
			}
		}
	}
	if rows == "" {
		return ""
	}
	return s.text.GridTitle(g) + rows
}

// erase moves up to the frame's first line and clears what is below.
func (s *screen) erase() string {
	if s.lines == 0 {
		return ""
	}
	n := s.lines
	s.lines = 0
	return fmt.Sprintf("\x1b[%dA\x1b[J", n)
}

// final prints all that stands below the header.
func (s *screen) final() error {
	var b strings.Builder
	if err := report.WriteTable(&b, s.rep, s.cfg.Width); err != nil {
		return err
	}
	rest := strings.TrimPrefix(b.String(), s.text.Header(s.rep))
	_, err := io.WriteString(s.cfg.Out, s.erase()+rest)
	return err
}

func cutTo(s string, width int) string {
	if r := []rune(s); width > 0 && len(r) > width {
		return string(r[:width])
	}
	return s
}
