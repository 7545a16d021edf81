// Package dictwatch is where those who watch loops learn what happens to
// dictionaries, without knowing package dict.
package dictwatch

import (
	"slices"

	"parfor.dev/parfor/observe"
)

// Read returns the counters of all dictionaries that are used, since they were
// made, ordered by name. Package dict sets it in init; nil without dictionaries.
var Read func() []observe.Dict

// Now is Read, or nothing.
func Now() []observe.Dict {
	if Read == nil {
		return nil
	}
	return Read()
}

// Since returns what happened to dictionaries between two looks, those left out
// to which nothing did.
func Since(before, now []observe.Dict) (ds []observe.Dict) {
	for _, d := range now {
		if i := slices.IndexFunc(before, func(b observe.Dict) bool { return b.Name == d.Name }); i >= 0 {
			d = less(d, before[i])
		}
		if d.Commits+d.Conflicts+d.Reads+d.Asked > 0 {
			ds = append(ds, d)
		}
	}
	return ds
}

// less takes what was before away. A dictionary that was emptied for a test, or
// closed, begins again at nothing.
func less(d, b observe.Dict) observe.Dict {
	if d.Commits < b.Commits || d.Conflicts < b.Conflicts || d.Reads < b.Reads {
		return d
	}
	d.Commits -= b.Commits
	d.Sets -= b.Sets
	d.Deletes -= b.Deletes
	d.Adds -= b.Adds
	d.Others -= b.Others
	d.Conflicts -= b.Conflicts
	d.Received -= b.Received
	d.Asked -= b.Asked
	d.Reads -= b.Reads
	var hot []observe.HotKey
	for _, h := range d.Hot {
		if i := slices.IndexFunc(b.Hot, func(x observe.HotKey) bool { return x.Hash == h.Hash }); i >= 0 {
			h.Conflicts -= b.Hot[i].Conflicts
			h.Writes -= b.Hot[i].Writes
		}
		if h.Conflicts > 0 || h.Writes > 0 {
			hot = append(hot, h)
		}
	}
	d.Hot = hot
	return d
}
