package compare

import (
	"fmt"
	"time"

	"parfor.dev/parfor/compare/report"
)

// managerInserts are enough for a Manager's dictionary, each of whose inserts
// is a round trip to another process: the time is scaled to the number that
// the others make, and its name says so.
const managerInserts = 5000

// pythonInserts adds Python's processes to the line about the dictionary alone,
// before the rows of the others are taken: adding ways moves them.
func (e *experiment) pythonInserts(insert job, workers int) {
	b := &e.rep.Dictionary[0]
	w := way{executor: "processes", inFlight: workers, python: "keep"}
	few := insert
	few.n = managerInserts
	times := insert.n / few.n
	b.Ways = append(b.Ways,
		report.Way{Name: fmt.Sprintf("Python's Manager (scaled from 5,000, x%d)", times), Executor: "python", Workers: workers},
		report.Way{Name: "Python combined", Executor: "python", Workers: workers})
	e.add(w.sharing(), few, false, scaledRow(b, 2, times))
	e.add(w, insert, false, scaledRow(b, 3, 1))
}

// scaledRow is a way's row whose times, and only these, count so many times.
func scaledRow(b *report.Block, i, times int) row {
	return row{
		add: func(r report.Run) {
			r.Took *= report.Seconds(times)
			b.Ways[i].Runs = append(b.Ways[i].Runs, r)
		},
		skip: func(string, time.Duration) {},
	}
}
