package parfor

import (
	"encoding/binary"
	"sort"

	"parfor.dev/parfor/internal/errwire"
)

// A LoopError that crosses (a loop in a worker's body failed) keeps its text
// and what Done says, within bounds: an item beyond them is reported not done,
// which is the safe side.
const (
	maxDoneItems = 1 << 22
	maxDoneRuns  = 1 << 16
	maxDoneGap   = 1 << 16 // of a stream whose end is unknown
)

func appendLoopError(e *errwire.Encoder, b []byte, v *LoopError) []byte {
	b = binary.AppendVarint(b, int64(v.Total))
	b = binary.AppendVarint(b, int64(v.Failed))
	b = binary.AppendUvarint(b, uint64(len(v.First)))
	for _, t := range v.First {
		b = e.Error(b, t)
	}
	b = e.Error(b, v.Cause)
	b = append(b, flag(v.SourceBlocked))
	b = binary.AppendUvarint(b, uint64(len(v.groups)))
	for _, g := range v.groups {
		b = errwire.AppendString(b, g.key)
		b = errwire.AppendString(b, g.text)
		b = binary.AppendVarint(b, int64(g.count))
		b = binary.AppendUvarint(b, uint64(len(g.items)))
		for _, i := range g.items {
			b = binary.AppendVarint(b, int64(i))
		}
	}
	runs := doneRuns(v)
	b = binary.AppendUvarint(b, uint64(len(runs)))
	for _, r := range runs {
		b = binary.AppendUvarint(b, uint64(r))
	}
	return b
}

func decodeLoopError(d *errwire.Decoder) *LoopError {
	v := &LoopError{Total: int(d.Varint()), Failed: int(d.Varint())}
	for range d.Count() {
		err := d.Error()
		if t, ok := err.(*TaskError); ok && t != nil {
			v.First = append(v.First, t)
		} else if err != nil { // too deep to have kept its type
			v.First = append(v.First, &TaskError{Index: -1, Err: err})
		}
	}
	v.Cause = d.Error()
	v.SourceBlocked = d.Uvarint() != 0
	for range d.Count() {
		g := failureGroup{key: d.String(), text: d.String(), count: int(d.Varint())}
		for range d.Count() {
			g.items = append(g.items, int(d.Varint()))
		}
		v.groups = append(v.groups, g)
	}
	var runs []int
	for range d.Count() {
		runs = append(runs, int(d.Uvarint()))
	}
	v.done = func(i int) bool { // an odd number of borders at or below i
		return sort.SearchInts(runs, i+1)%2 == 1
	}
	if v.Failed > 0 && len(v.First) == 0 {
		v.First = []*TaskError{{Index: -1}} // the text of a single failure reads it
	}
	return v
}

// doneRuns lists where Done changes its answer, starting from false.
func doneRuns(v *LoopError) (borders []int) {
	last, since := false, 0
	for i := 0; i < maxDoneItems && len(borders) < maxDoneRuns; i++ {
		if v.Total >= 0 && i >= v.Total || v.Total < 0 && !last && i-since > maxDoneGap {
			break
		}
		if v.Done(i) != last {
			borders = append(borders, i)
			last, since = !last, i
		}
	}
	if last {
		end := maxDoneItems
		if v.Total >= 0 {
			end = min(end, v.Total)
		}
		if len(borders) == maxDoneRuns {
			end = borders[len(borders)-1] + 1
		}
		borders = append(borders, end)
	}
	return borders
}
