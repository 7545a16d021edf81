package dict_test

import (
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	fuzzList  = dict.NewList[int]("fuzz list")
	fuzzTexts = dict.NewList[map[string][]byte]("fuzz list of maps")
)

// FuzzList gives arbitrary bytes to the owner as if a worker had sent them:
// write sets with parts of lists, and questions. It must not panic, and what it
// took must read back.
func FuzzList(f *testing.F) {
	c := attempt(nil)
	c.Loop = &task.Loop{Serializable: true}
	fuzzList.Len(c)
	fuzzList.Append(c, 1, 2, 3)
	fuzzTexts.Clear(c)
	fuzzTexts.Append(c, map[string][]byte{"a": {1}}, nil)
	tx := c.Seal()
	f.Add(tx.AppendObserved(nil))
	b, err := tx.Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	for i := range b {
		f.Add(b[:i])
	}
	f.Add(b)
	for _, s := range []writeset.Store{fuzzList.Store(), fuzzTexts.Store()} {
		for q := range 5 {
			f.Add(append(id(s), byte(q), 2))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := call.Serve(1, b); err != nil {
			t.Fatalf("an error instead of an answer: %v", err)
		}
		before := writeset.Last()
		n, err := writeset.CommitEncoded(b, task.Ticket{})
		if err != nil && (n != 0 || writeset.Last() != before) {
			t.Fatalf("a refused set was committed: %v", err)
		}
		for _, l := range []interface{ Len(ctx) (int, error) }{fuzzList, fuzzTexts} {
			size, err := l.Len(bg)
			if err != nil {
				t.Fatal(err)
			}
			all := 0
			switch l := l.(type) {
			case *dict.List[int]:
				for range l.All(bg) {
					all++
				}
			case *dict.List[map[string][]byte]:
				for range l.All(bg) {
					all++
				}
			}
			if all != size {
				t.Fatalf("a list of %d has %d elements", size, all)
			}
		}
		if len(b) > 0 && n%64 == 0 { // or they would grow for ever
			fuzzList.Clear(bg)
			fuzzTexts.Clear(bg)
		}
	})
}
