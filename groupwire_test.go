package parfor

import (
	"bytes"
	"slices"
	"testing"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/task"
)

// FuzzAddedItems: whatever a worker sends is an error, or items that encode to
// what was sent.
func FuzzAddedItems(f *testing.F) {
	c := codec.Of[string]()
	b, _ := appendSized(nil, c, "one")
	b, _ = appendSized(b, c, "")
	f.Add(append(append([]byte("result"), b...), byte(len(b)), 0, 0, 0, 0, 0, 0, 0))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255})
	f.Add([]byte{1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		result, added, err := task.SplitAdded(b)
		if err != nil {
			return
		}
		if len(result)+len(added)+8 != len(b) {
			t.Fatalf("%d bytes of result and %d of items in %d", len(result), len(added), len(b))
		}
		items, err := decodeItems(added, c)
		if err != nil {
			return
		}
		var again []byte
		for _, in := range items {
			if again, err = appendSized(again, c, in); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again, added) || !bytes.Equal(b, before) {
			t.Fatalf("% x became % x", added, again)
		}
	})
}
