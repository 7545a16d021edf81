package metrics

import (
	"bytes"
	"math"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"parfor.dev/parfor/internal/dictwatch"
	"parfor.dev/parfor/observe"
)

// page writes the text format, version 0.0.4: a family's HELP and TYPE come
// once, before its samples, and no line is there twice.
type page struct {
	b    *bytes.Buffer
	name string // of the family
}

// metric is a family with a sample for each series, or several.
type metric struct {
	name, kind, help string
	write            func(p *page, s *snapshot)
}

// metrics are those of loops.
var metrics = []metric{
	{"parfor_task_attempts_total", "counter", "Attempts of tasks that have ended, by outcome: ok, failed for good, retried.", func(p *page, s *snapshot) {
		p.sample("", float64(s.ok), s.labels("outcome", "ok")...)
		p.sample("", float64(s.failed), s.labels("outcome", "failed")...)
		p.sample("", float64(s.retried), s.labels("outcome", "retried")...)
	}},
	{"parfor_tasks_skipped_total", "counter", "Tasks that a journal answered: they did not run.", func(p *page, s *snapshot) {
		p.sample("", float64(s.skipped), s.labels()...)
	}},
	{"parfor_task_duration_seconds", "histogram", "How long attempts took; sampled where they take less than 10 µs.", func(p *page, s *snapshot) {
		p.histogram(bounds, &s.counts.tasks, s.labels())
	}},
	{"parfor_busy_seconds_total", "counter", "Time in bodies, summed over workers.", func(p *page, s *snapshot) {
		p.sample("", s.busy.Seconds(), s.labels()...)
	}},
	{"parfor_tasks", "gauge", "Tasks of loops that run now: running, and queued where the number of items is known.", func(p *page, s *snapshot) {
		p.sample("", float64(s.running), s.labels("state", "running")...)
		p.sample("", float64(s.queued), s.labels("state", "queued")...)
	}},
	{"parfor_loops_active", "gauge", "Loops that run now.", func(p *page, s *snapshot) {
		p.sample("", float64(s.active), s.labels()...)
	}},
	{"parfor_loops_total", "counter", "Loops that have ended, by state: done, failed, stopped (by a cause that is no task's).", func(p *page, s *snapshot) {
		for i, n := range s.states {
			p.sample("", float64(n), s.labels("state", states[i])...)
		}
	}},
	{"parfor_loop_duration_seconds", "histogram", "How long loops took that have ended.", func(p *page, s *snapshot) {
		p.histogram(loopBounds, &s.took, s.labels())
	}},
	{"parfor_loop_last_progress_timestamp_seconds", "gauge", "When a task was last seen to have ended, or a loop to begin.", func(p *page, s *snapshot) {
		p.sample("", float64(s.progress.UnixMilli())/1000, s.labels()...)
	}},
	{"parfor_workers", "gauge", "Workers of loops that run now and have done something.", func(p *page, s *snapshot) {
		p.sample("", float64(s.workers), s.labels()...)
	}},
	{"parfor_workers_limit", "gauge", "Workers that loops that run now may have.", func(p *page, s *snapshot) {
		p.sample("", float64(s.limit), s.labels()...)
	}},
	{"parfor_worker_restarts_total", "counter", "Worker processes that have gone while a loop ran, by reason: died, idle, recycled. Each loop on a pool counts.", func(p *page, s *snapshot) {
		for i, n := range s.down {
			p.sample("", float64(n), s.labels("reason", reasons[i])...)
		}
	}},
	{"parfor_stalled_tasks_total", "counter", "Bodies that overran their timeout and the grace.", func(p *page, s *snapshot) {
		p.sample("", float64(s.stalls), s.labels()...)
	}},
	{"parfor_error_groups_total", "counter", "Kinds of errors seen, by loop: errors whose texts differ only in numbers and the like are one.", func(p *page, s *snapshot) {
		p.sample("", float64(s.groups), s.labels()...)
	}},
	{"parfor_warnings_total", "counter", "Warnings that loops gave.", func(p *page, s *snapshot) {
		p.sample("", float64(s.warnings), s.labels()...)
	}},
}

// dictMetric is a family with a sample for each dictionary.
type dictMetric struct {
	name, kind, help string
	write            func(p *page, d *observe.Dict)
}

var dictMetrics = []dictMetric{
	{"parfor_dict_entries", "gauge", "Entries of a dictionary.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Entries), "dict", d.Name)
	}},
	{"parfor_dict_size_bytes", "gauge", "Memory of a dictionary's entries, where keys and values are numbers; else 0.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Memory), "dict", d.Name)
	}},
	{"parfor_dict_commits_total", "counter", "Commits that changed a dictionary.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Commits), "dict", d.Name)
	}},
	{"parfor_dict_conflicts_total", "counter", "Attempts that did not commit, as what they had read had changed.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Conflicts), "dict", d.Name)
	}},
	{"parfor_dict_operations_total", "counter", "Operations committed, by kind, and reads of tasks in this process.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Adds), "dict", d.Name, "operation", "add")
		p.sample("", float64(d.Deletes), "dict", d.Name, "operation", "delete")
		p.sample("", float64(d.Others), "dict", d.Name, "operation", "other")
		p.sample("", float64(d.Reads), "dict", d.Name, "operation", "get")
		p.sample("", float64(d.Sets), "dict", d.Name, "operation", "set")
	}},
	{"parfor_dict_received_bytes_total", "counter", "Committed operations that came from worker processes.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Received), "dict", d.Name)
	}},
	{"parfor_dict_asked_total", "counter", "Questions of worker processes, a round trip each.", func(p *page, d *observe.Dict) {
		p.sample("", float64(d.Asked), "dict", d.Name)
	}},
}

// page writes everything.
func (m *Metrics) page(p *page) {
	p.family("parfor_build_info", "gauge", "1, with what the program was built from.")
	p.sample("", 1, "version", version(), "goversion", runtime.Version())
	all := m.snapshots()
	for _, f := range metrics {
		if len(all) == 0 {
			break
		}
		p.family(f.name, f.kind, f.help)
		for _, s := range all {
			f.write(p, s)
		}
	}
	ds := named(dictwatch.Now())
	for _, f := range dictMetrics {
		if len(ds) == 0 {
			break
		}
		p.family(f.name, f.kind, f.help)
		for i := range ds {
			f.write(p, &ds[i])
		}
	}
	p.cluster()
}

// named leaves those out that come and go with a loop: each would be a series
// of its own.
func named(all []observe.Dict) []observe.Dict {
	var ds []observe.Dict
	for _, d := range all {
		if !strings.HasPrefix(d.Name, "anonymous ") {
			d.Name = strings.ToValidUTF8(d.Name, "\uFFFD")
			ds = append(ds, d)
		}
	}
	return ds
}

// version of parfor in this program.
func version() string {
	const path = "parfor.dev/parfor"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == path && d.Version != "" {
				return d.Version
			}
		}
		if info.Main.Path == path && info.Main.Version != "" {
			return info.Main.Version
		}
	}
	return "(devel)"
}

func (s *snapshot) labels(more ...string) []string {
	return append([]string{"loop", s.loop, "executor", s.executor}, more...)
}

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func (p *page) family(name, kind, help string) {
	p.name = name
	p.b.WriteString("# HELP " + name + " " + escapeHelp.Replace(help) + "\n# TYPE " + name + " " + kind + "\n")
}

// sample writes one line; labels are names and values in turn.
func (p *page) sample(suffix string, value float64, labels ...string) {
	p.b.WriteString(p.name + suffix)
	for i := 0; i < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		p.b.WriteString(sep + labels[i] + `="` + escapeLabel.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		p.b.WriteByte('}')
	}
	p.b.WriteString(" " + number(value) + "\n")
}

func (p *page) histogram(bounds []float64, h *buckets, labels []string) {
	sum := int64(0)
	for i, bound := range append(bounds[:len(bounds):len(bounds)], math.Inf(1)) {
		if i < len(h.n) {
			sum += h.n[i]
		}
		p.sample("_bucket", float64(sum), append(labels[:len(labels):len(labels)], "le", number(bound))...)
	}
	p.sample("_sum", h.sum.Seconds(), labels...)
	p.sample("_count", float64(sum), labels...)
}

// number is a value as the format has it. Counts stay free of exponents.
func number(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "+Inf"
	case x == math.Trunc(x) && math.Abs(x) < 1e15:
		return strconv.FormatInt(int64(x), 10)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
