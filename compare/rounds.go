package compare

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// rounds measures every cell once, then again: first what is short, until a
// verdict is possible everywhere, then the rest, until the budget ends. Later
// rounds are in random order; the first goes from small sizes to large, from
// which it learns what would take too long, and is shuffled within a size.
func (e *experiment) rounds(ctx context.Context) error {
	first := slices.Clone(e.cells)
	for same := first; len(same) > 0; {
		n := 1
		for n < len(same) && same[n].opening == same[0].opening && same[n].job.n == same[0].job.n {
			n++
		}
		e.rng.Shuffle(n, func(i, j int) { same[i], same[j] = same[j], same[i] })
		same = same[n:]
	}
	for _, c := range first {
		if err := e.once(ctx, c, 1); err != nil {
			return err
		}
	}
	short := func(c *cell) bool { return c.last <= repeated }
	long := func(c *cell) bool { return c.last > repeated }
	for _, pick := range []func(*cell) bool{short, long} {
		for round := 2; round <= e.cfg.Runs; round++ {
			if err := e.round(ctx, round, pick); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *experiment) round(ctx context.Context, round int, pick func(*cell) bool) error {
	var cells []*cell
	for _, c := range e.cells {
		if !c.gone && c.runs < round && pick(c) {
			cells = append(cells, c)
		}
	}
	e.rng.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
	for _, c := range cells {
		if time.Since(e.began)+e.estimate(c) > e.cfg.Budget {
			continue // a shorter one may still fit
		}
		if err := e.once(ctx, c, round); err != nil {
			return err
		}
	}
	return nil
}

// once measures a cell. What goes wrong in it is noted; the error is ctx's.
func (e *experiment) once(ctx context.Context, c *cell, round int) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if d := e.estimate(c); c.limited && c.runs == 0 && d > longCell {
		c.gone = true
		for _, r := range c.rows {
			r.skip("over "+longCellText, d)
		}
		return nil
	}
	at := time.Since(e.began)
	e.screen.busy(c, round)
	o, err := e.measure(ctx, c.way, c.job, notes{weigh: c.opening, watch: c.opening && c.runs == 0})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		c.gone = true
		e.rep.Checks.Problems = append(e.rep.Checks.Problems, fmt.Sprintf("%d %s, %s: %v", c.job.n, c.job.things, c.way, err))
		for _, r := range c.rows {
			r.skip("wrong", 0)
		}
		e.screen.done(c, outcome{}, err)
		return nil
	}
	c.record(o, round, at)
	e.keep(c, o)
	e.screen.done(c, o, nil)
	return nil
}

const longCellText = "5 s"

// keep stores the lanes and the dictionary of the opening block.
func (e *experiment) keep(c *cell, o outcome) {
	if !c.opening {
		return
	}
	if o.lanes != nil {
		o.lanes.Name = c.way.name()
		e.rep.Lanes = append(e.rep.Lanes, *o.lanes)
	}
	if o.failed > 0 {
		return // the page shows a dictionary that is whole
	}
	e.rep.Kept, e.rep.KeptWay = o.answers, c.way.name()
	e.rep.Checks.Keys = len(o.answers)
	if c.job.asks || c.job.body.Kind == Command {
		e.rep.Checks.Statuses = countStatuses(o.answers)
	}
}
