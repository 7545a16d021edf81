package dict_test

import (
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	fuzzInts    = dict.New[int, int]("fuzz ints")
	fuzzStrings = dict.New[string, string]("fuzz strings")
	fuzzMixed   = dict.New[struct {
		F float64
		B bool
		N [2]uint16
	}, map[string][]byte]("fuzz mixed")
)

func fuzzSeeds(f *testing.F) {
	c := attempt(nil)
	fuzzInts.Set(c, 1, 2)
	fuzzInts.Add(c, 3, 4)
	fuzzStrings.Clear(c)
	fuzzStrings.Set(c, "key", "value")
	fuzzStrings.Delete(c, "other")
	for range 1 {
		fuzzMixed.Set(c, struct {
			F float64
			B bool
			N [2]uint16
		}{1.5, true, [2]uint16{3, 4}}, map[string][]byte{"a": {1}})
	}
	b, err := c.Seal().Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for i := range b {
		f.Add(b[:i])
	}
}

// FuzzWriteSet gives arbitrary bytes to the owner as if a worker had sent them.
// It must not panic or lock up, and what it took must read back.
func FuzzWriteSet(f *testing.F) {
	fuzzSeeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := writeset.Last()
		n, err := writeset.CommitEncoded(b, task.Ticket{})
		if err != nil && (n != 0 || writeset.Last() != before) {
			t.Fatalf("a refused set was committed: %v", err)
		}
		if err != nil {
			return
		}
		for range fuzzInts.All(bg) {
		}
		for k := range fuzzMixed.All(bg) {
			if ok, err := fuzzMixed.Has(bg, k); !ok || err != nil {
				t.Fatalf("the key %v is not found: %v", k, err)
			}
		}
	})
}

// FuzzQuestion does the same with a worker's reads.
func FuzzQuestion(f *testing.F) {
	for _, d := range []writeset.Store{fuzzInts.Store(), fuzzStrings.Store(), fuzzMixed.Store()} {
		for q := range 4 {
			b := append(id(d), byte(q))
			f.Add(b)
			f.Add(append(b, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := call.Serve(1, b); err != nil {
			t.Fatalf("an error instead of an answer: %v", err)
		}
	})
}

func id(s writeset.Store) (b []byte) {
	for i := range 8 {
		b = append(b, byte(s.ID()>>(8*i)))
	}
	return b
}
