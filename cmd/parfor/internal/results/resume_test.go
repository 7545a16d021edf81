package results

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// A run of 1 to 5, a resumed one of 1 to 7: what is ok is skipped, from a
// journal and from each kind of file.
func TestResume(t *testing.T) {
	for _, suffix := range suffixes {
		for _, finished := range []bool{false, true} {
			path := in(t, "r"+suffix)
			r := open(t, base, path)
			for n := 1; n <= 5; n++ {
				do(t, r, n)
			}
			if finished {
				finish(t, r)
			} else if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			o := base
			o.Resume = true
			r = open(t, o, path)
			if r.Before() != (Counts{OK: 4, Failed: 1}) {
				t.Errorf("%+v", r.Before())
			}
			var ran []int
			for n := 1; n <= 7; n++ {
				if do(t, r, n) {
					ran = append(ran, n)
				}
			}
			if !slices.Equal(ran, []int{4, 6, 7}) {
				t.Errorf("%s: ran %v", path, ran)
			}
			if s := finish(t, r); s != (Summary{Counts: Counts{OK: 6, Failed: 1}, Safe: 3}) {
				t.Errorf("%+v", s)
			}
			if got := keys(read(t, path)); got != "k1 k2 k3 k4 k5 k6 k7" {
				t.Error(got)
			}
		}
	}
}

// The input moved: records get the numbers it has now, and what has gone from
// it stays, at the end.
func TestAMovingInput(t *testing.T) {
	for _, c := range []struct {
		name, second, want string
		gone               int
	}{
		{"prepended", "9 1 2 3", "9 1 2 3", 0},
		{"removed", "1 3", "1 3 2", 1},
		{"others", "7 8 9", "7 8 9 1 2 3", 3},
		{"interrupted", "1", "1 2 3", 0},
		{"nothing", "", "1 2 3", 0},
		{"turned", "3 2 1", "3 2 1", 0},
	} {
		path := in(t, "r.json")
		r := open(t, base, path)
		for n := 1; n <= 3; n++ {
			do(t, r, n)
		}
		finish(t, r)
		o := base
		o.Resume = true
		r = open(t, o, path)
		for i, k := range strings.Fields(c.second) {
			doAs(t, r, i+1, record.Record{Key: "k" + k, Status: record.OK})
		}
		s := finish(t, r)
		all := read(t, path)
		if got := strings.ReplaceAll(keys(all), "k", ""); got != c.want || s.Gone != c.gone {
			t.Errorf("%s: %s, %d gone", c.name, got, s.Gone)
		}
		for i := range strings.Fields(c.second) {
			if all[i].Seq != i+1 {
				t.Errorf("%s: %d is number %d", c.name, i+1, all[i].Seq)
			}
		}
	}
}

func TestChanged(t *testing.T) {
	for _, c := range []struct {
		changed Changed
		action  Action
		err     error
	}{{"", Run, ErrChanged}, {ChangedFail, Run, ErrChanged}, {ChangedRerun, Run, nil}, {ChangedKeep, Skip, nil}} {
		path := in(t, "r.jsonl")
		r := open(t, base, path)
		do(t, r, 1)
		do(t, r, 4)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		o := base
		o.Resume, o.Changed = true, c.changed
		r = open(t, o, path)
		d, err := r.Plan(1, "k1", "other")
		if !errors.Is(err, c.err) || d.Action != c.action {
			t.Errorf("%q: %v %v", c.changed, d, err)
		}
		if c.err != nil && !strings.Contains(err.Error(), `"k1"`) {
			t.Error(err)
		}
		if d, err := r.Plan(2, "k4", "mended"); err != nil || d.Action != Run {
			t.Errorf("failed before: %v %v", d, err)
		}
		if d.Action == Run && err == nil {
			if err := r.Append(record.Record{Key: "k1", Seq: 1, Status: record.OK}, "other"); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, r)
		want := "1"
		if c.changed == ChangedRerun {
			want = "other"
		}
		for _, got := range read(t, path) {
			if got.Key == "k1" && got.Task != stampOf(base.Fingerprint)+want {
				t.Errorf("%q: %s is kept", c.changed, got.Task)
			}
		}
	}
}
