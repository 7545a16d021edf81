package show

import (
	"slices"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

var known = []record.Status{record.OK, record.Failed, record.Timeout, record.Canceled}

// filter decides which records are shown.
type filter struct {
	o     Options
	keys  map[string]bool
	where *query
}

func newFilter(o Options) (*filter, error) {
	f := &filter{o: o}
	if o.Failed && o.OK {
		return nil, usagef("--failed and --ok together are all records: leave both out")
	}
	for _, s := range o.Statuses {
		if !slices.Contains(known, record.Status(s)) {
			return nil, usagef("--status %s: it is ok, failed, timeout or canceled", s)
		}
	}
	if len(o.Keys) > 0 {
		f.keys = map[string]bool{}
		for _, k := range o.Keys {
			f.keys[k] = true
		}
	}
	if o.Where != "" {
		q, err := compile("--where", o.Where)
		if err != nil {
			return nil, err
		}
		f.where = q
	}
	return f, nil
}

func (f *filter) of(all records) records {
	return func(yield func(record.Record, error) bool) {
		for r, err := range all {
			ok := true
			if err == nil {
				ok, err = f.shows(&r)
			}
			if err != nil {
				yield(r, err)
				return
			}
			if ok && !yield(r, nil) {
				return
			}
		}
	}
}

func (f *filter) shows(r *record.Record) (bool, error) {
	switch {
	case f.o.Failed && r.Status == record.OK,
		f.o.OK && r.Status != record.OK,
		len(f.o.Statuses) > 0 && !slices.Contains(f.o.Statuses, string(r.Status)),
		len(f.o.Codes) > 0 && !slices.Contains(f.o.Codes, r.Code),
		f.keys != nil && !f.keys[r.Key]:
		return false, nil
	case f.where == nil:
		return true, nil
	}
	v, some, err := f.where.first(r)
	return some && v != nil && v != false, err
}
