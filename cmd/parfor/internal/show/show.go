// Package show looks at kept results: what they came to, which of them are of
// interest, in which form.
//
// show.go reads and filters, summary.go sums up, format.go writes.
package show

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/itchyny/gojq"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

// Filter says which records are of interest: those that pass all of it. The zero
// value lets all pass.
type Filter struct {
	Status []record.Status
	Codes  []int
	Keys   []string
	Where  *Query
}

// Query is a jq expression on a record.
type Query struct {
	text string
	code *gojq.Code
}

// ParseQuery reads a jq expression, as in .ms > 1000 or .body.user.id.
func ParseQuery(text string) (*Query, error) {
	q, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no jq expression: %w", text, err)
	}
	code, err := gojq.Compile(q)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return &Query{text, code}, nil
}

// Values are those that the expression has for a record.
func (q *Query) Values(k results.Kept) (all []any, err error) {
	b, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	for it := q.code.Run(v); ; {
		v, more := it.Next()
		if !more {
			return all, nil
		}
		if err, bad := v.(error); bad {
			var halt *gojq.HaltError
			if errors.As(err, &halt) && halt.Value() == nil {
				return all, nil
			}
			return all, fmt.Errorf("%s: item %s: %w", q.text, k.Key, err)
		}
		all = append(all, v)
	}
}

// Passes reports whether a record is of interest.
func (f *Filter) Passes(k results.Kept) (bool, error) {
	if len(f.Status) > 0 && !slices.Contains(f.Status, k.Status) ||
		len(f.Codes) > 0 && !slices.Contains(f.Codes, k.Code) ||
		len(f.Keys) > 0 && !slices.Contains(f.Keys, k.Key) {
		return false, nil
	}
	if f.Where == nil {
		return true, nil
	}
	values, err := f.Where.Values(k)
	if err != nil || len(values) == 0 {
		return false, err
	}
	last := values[len(values)-1] // the truth of jq -e
	return last != nil && last != false, nil
}

// Each gives f the records of a file that pass, one for each key, in the order
// of the file. Of a file that isn't there yet it reads the journal.
func Each(file string, filter Filter, f func(results.Kept) error) error {
	pass := func(k results.Kept) error {
		ok, err := filter.Passes(k)
		if err != nil || !ok {
			return err
		}
		return f(k)
	}
	err := results.Read(file, func(_ string, k results.Kept) error { return pass(k) })
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all, journal := map[string]results.Kept{}, results.JournalOf(file)
	if e := results.Read(journal, func(_ string, k results.Kept) error { all[k.Key] = k; return nil }); e != nil {
		if errors.Is(e, fs.ErrNotExist) {
			return err
		}
		return e
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return all[a].Seq - all[b].Seq })
	for _, key := range keys {
		if err := pass(all[key]); err != nil {
			return err
		}
	}
	return nil
}
