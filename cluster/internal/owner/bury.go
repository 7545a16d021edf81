package owner

import (
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
)

// fail makes the loop one whose tasks can't run: those it has, and those that
// the job still offers, fail with the error. The first call decides.
func (l *loop) fail(err error) {
	if l.broken == nil {
		l.broken = err
		l.withdraw()
		l.die(err)
	}
}

// bury fails every task that is open or offered.
func (l *loop) bury() {
	for _, s := range l.open {
		if s.storing { // until then its memory isn't its program's again
			continue
		}
		if s.ruled && l.log.busy {
			continue // the log may have it yet
		}
		l.finish(s, &engine.Outcome{Err: l.broken, Start: meter.Now()})
	}
	l.again, l.parts = nil, nil
	if l.kept != nil {
		l.kept.ready = nil
	}
	l.resume()
	for {
		n, _ := l.job.Take(l.ts[:64])
		if n == 0 {
			return
		}
		for _, t := range l.ts[:n] {
			s := &sent{task: t, asker: new(asker)}
			l.hold(s)
			l.finish(s, &engine.Outcome{Err: l.broken, Start: meter.Now()})
		}
	}
}

// giveBack returns tasks whose bodies never began.
func (l *loop) giveBack(ts []engine.Task) {
	for _, t := range ts {
		l.rounds[t.Index]++
	}
	l.job.Return(ts)
}
