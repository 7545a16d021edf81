package owner

import (
	"testing"

	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/wire"
)

// Of an item's proposals the first of its round counts, and later ones of rounds
// that are over don't: as when they were decided.
func TestRemember(t *testing.T) {
	l := &loop{rounds: map[int]uint32{}, kept: &kept{results: map[int][]byte{}}}
	for _, p := range []wire.Proposal{
		{Index: 1, Kind: wire.OK, Bytes: []byte("first")},
		{Index: 1, Kind: wire.OK, Bytes: []byte("second")},
		{Index: 2, Kind: wire.Unstarted},
		{Index: 2, Kind: wire.OK, Bytes: []byte("late")},
		{Index: 2, Round: 1, Kind: wire.OK, Bytes: []byte("right")},
		{Index: 3, Round: 1, Kind: wire.OK, Bytes: []byte("early")},
		{Index: 4, Kind: wire.Failed, Bytes: []byte("why")},
		{Index: 5, Kind: wire.OK, Away: true, Bytes: []byte("no reference")},
		{Index: 6, Kind: wire.OK, Bytes: []byte("conflicted")},
	} {
		if err := l.remember(t.Context(), names.Loop{Program: "=a", Run: 1}, &p, p.Index == 6); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range map[int]string{1: "first", 2: "right", 3: "", 4: "", 5: "", 6: ""} {
		if got := string(l.kept.results[i]); got != want {
			t.Errorf("item %d: %q, want %q", i, got, want)
		}
	}
	for i, want := range map[int]uint32{1: 0, 2: 0, 3: 0, 4: 1, 5: 1, 6: 1} {
		if l.rounds[i] != want {
			t.Errorf("item %d begins with round %d, want %d", i, l.rounds[i], want)
		}
	}
}
