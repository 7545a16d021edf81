package otelparfor

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"parfor.dev/parfor/internal/dictwatch"
	"parfor.dev/parfor/observe"
)

// dicts counts what happens to dictionaries. What frames have of them is told
// by every loop that runs at the time, so it can't be added up: this looks at
// the dictionaries' own counters, which are the whole program's.
type dicts struct {
	mu     sync.Mutex
	seen   map[string]observe.Dict // by full name, as they were
	totals map[string]*observe.Dict
}

func newDicts(i instruments) *dicts {
	d := &dicts{seen: map[string]observe.Dict{}, totals: map[string]*observe.Dict{}}
	operations := must(i.Int64ObservableCounter("parfor.dict.operations", metric.WithUnit("{operation}"),
		metric.WithDescription("Operations on dictionaries that were committed, and reads in this process.")))
	commits := must(i.Int64ObservableCounter("parfor.dict.commits", metric.WithUnit("{commit}"),
		metric.WithDescription("Commits that changed a dictionary.")))
	conflicts := must(i.Int64ObservableCounter("parfor.dict.conflicts", metric.WithUnit("{conflict}"),
		metric.WithDescription("Attempts that didn't commit, as what they had read had changed.")))
	entries := must(i.Int64ObservableUpDownCounter("parfor.dict.entries", metric.WithUnit("{entry}"),
		metric.WithDescription("Entries of a dictionary.")))
	size := must(i.Int64ObservableUpDownCounter("parfor.dict.size", metric.WithUnit("By"),
		metric.WithDescription("Memory of a dictionary's entries, where keys and values are numbers.")))
	must(i.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		d.look()
		d.mu.Lock()
		defer d.mu.Unlock()
		for name, t := range d.totals {
			dict := keyDict.String(name)
			for operation, n := range map[string]int64{
				"set": t.Sets, "delete": t.Deletes, "add": t.Adds, "other": t.Others, "get": t.Reads,
			} {
				o.ObserveInt64(operations, n, metric.WithAttributes(dict, keyOperation.String(operation)))
			}
			plain := metric.WithAttributeSet(attribute.NewSet(dict))
			o.ObserveInt64(commits, t.Commits, plain)
			o.ObserveInt64(conflicts, t.Conflicts, plain)
			o.ObserveInt64(entries, int64(t.Entries), plain)
			if t.Memory > 0 {
				o.ObserveInt64(size, t.Memory, plain)
			}
		}
		return nil
	}, operations, commits, conflicts, entries, size))
	return d
}

// look adds what has happened since the last look. Loops look at each frame, so
// that little is missed of a dictionary that is closed before the next export.
func (d *dicts) look() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := dictwatch.Now()
	before := make([]observe.Dict, 0, len(d.seen))
	for _, b := range d.seen {
		before = append(before, b)
	}
	for _, t := range d.totals {
		t.Entries, t.Memory = 0, 0
	}
	for _, c := range dictwatch.Since(before, now) {
		t := d.total(c.Name)
		t.Commits += c.Commits
		t.Sets += c.Sets
		t.Deletes += c.Deletes
		t.Adds += c.Adds
		t.Others += c.Others
		t.Conflicts += c.Conflicts
		t.Reads += c.Reads
	}
	clear(d.seen)
	for _, n := range now {
		d.seen[n.Name] = n
		t := d.total(n.Name)
		t.Entries += n.Entries
		t.Memory += n.Memory
	}
}

// total is for a name as metrics have it: anonymous dictionaries are as many as
// a program cares to make, and share one.
func (d *dicts) total(name string) *observe.Dict {
	if strings.HasPrefix(name, "anonymous ") {
		name = strings.TrimRight(name, " 0123456789")
	}
	t := d.totals[name]
	if t == nil {
		t = new(observe.Dict)
		d.totals[name] = t
	}
	return t
}
