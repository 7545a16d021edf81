package results

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// TestClockSetBack: between two runs the clock is set back by decades. Nothing
// is lost or done again, and the order is that of the input: what "started" says
// decides over nothing.
func TestClockSetBack(t *testing.T) {
	future := time.Date(2099, 1, 2, 3, 4, 5, 6000, time.UTC)
	past := time.Date(2001, 1, 2, 3, 4, 5, 6000, time.UTC)
	at := func(n int, when time.Time) record.Record {
		r := rec(n)
		r.Started = when.Add(time.Duration(-n) * time.Hour) // the clock runs backwards within a run, too
		return r
	}
	for _, suffix := range suffixes {
		for _, finished := range []bool{true, false} {
			path := in(t, "r"+suffix)
			r := open(t, base, path)
			for n := 10; n >= 3; n-- {
				doAs(t, r, n, at(n, future))
			}
			if finished {
				finish(t, r)
			} else if err := r.Close(); err != nil {
				t.Fatal(err)
			} else {
				inTheFuture(t, journalOf(path))
			}
			o := base
			o.Resume = true
			r = open(t, o, path)
			if got := r.Before(); got != (Counts{OK: 6, Failed: 2}) {
				t.Errorf("%s: %+v", suffix, got)
			}
			var want []record.Record
			for n := range 13 {
				when := future
				ran := doAs(t, r, n+1, at(n+1, past))
				if failed := (n+1)%5 == 4; ran != (n+1 < 3 || n+1 > 10 || failed) {
					t.Errorf("%s: item %d ran: %v", suffix, n+1, ran)
				}
				if ran {
					when = past
				}
				w := at(n+1, when)
				w.Task = stampOf(base.Fingerprint) + strings.TrimPrefix(w.Key, "k")
				want = append(want, w)
			}
			if s := finish(t, r); s.All() != 13 || s.Gone != 0 {
				t.Errorf("%s: %+v", suffix, s)
			}
			if got := read(t, path); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, finished %v:\n%+v\n%+v", suffix, finished, got, want)
			}
		}
	}
}

// inTheFuture has a journal begin, by its header, and have been written when its
// records say.
func inTheFuture(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line, rest, _ := strings.Cut(string(b), "\n")
	open, ok := unseal([]byte(line))
	if !ok {
		t.Fatal(line)
	}
	h, err := parseHeader(path, open)
	if err != nil {
		t.Fatal(err)
	}
	h.Started = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	head, err := sealed(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(head, rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, h.Started, h.Started); err != nil {
		t.Fatal(err)
	}
}
