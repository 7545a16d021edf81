package metrics

import "encoding/json"

// loopVar is a series for expvar.
type loopVar struct {
	Loop     string  `json:"loop"`
	Executor string  `json:"executor"`
	Active   int     `json:"active"`
	Ended    int64   `json:"ended"`
	Running  int     `json:"running"`
	Queued   int64   `json:"queued"`
	OK       int64   `json:"ok"`
	Failed   int64   `json:"failed"`
	Retried  int64   `json:"retried"`
	Skipped  int64   `json:"skipped"`
	Busy     float64 `json:"busy_seconds"`
	Died     int64   `json:"workers_died"`
}

// String is the totals as JSON, which makes a Metrics an expvar.Var:
//
//	expvar.Publish("parfor", m)
//
// This package doesn't import expvar, which would add a page to the program's
// http.DefaultServeMux.
func (m *Metrics) String() string {
	vars := []loopVar{}
	for _, s := range m.snapshots() {
		v := loopVar{Loop: s.loop, Executor: s.executor, Active: s.active, Running: s.running, Queued: s.queued,
			OK: s.ok, Failed: s.failed, Retried: s.retried, Skipped: s.skipped, Busy: s.busy.Seconds(), Died: s.down[0]}
		for _, n := range s.states {
			v.Ended += n
		}
		vars = append(vars, v)
	}
	b, _ := json.Marshal(vars) // only plain fields: cannot fail
	return string(b)
}
