package results

import (
	"errors"
	"strings"
	"testing"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

func TestDuplicates(t *testing.T) {
	path := in(t, "r.json")
	r := open(t, base, path)
	do(t, r, 1)
	_, err := r.Plan(9, "k1", "1")
	if !errors.Is(err, ErrDuplicate) || !strings.Contains(err.Error(), "items 1 and 9") {
		t.Error(err)
	}
	finish(t, r)

	o := base
	o.OnDuplicate = DuplicateSuffix
	for _, resume := range []bool{false, true} {
		path := in(t, "r.json")
		for round := range 2 {
			o.Resume = round > 0
			r := open(t, o, path)
			for seq, k := range []string{"a", "b", "a", "a#2", "a", "a#2"} {
				ran := doAs(t, r, seq+1, record.Record{Key: k, Status: record.OK})
				if ran != (round == 0) {
					t.Errorf("round %d: item %d: ran: %v", round, seq+1, ran)
				}
			}
			finish(t, r)
			if got := keys(read(t, path)); got != "a b a#2 a#2#2 a#3 a#2#3" {
				t.Errorf("resume %v: %s", resume, got)
			}
		}
	}
}

func TestDuplicatesLast(t *testing.T) {
	path := in(t, "r.json")
	o := base
	o.OnDuplicate = DuplicateLast
	items := []string{"a 1", "b 1", "a 2", "c 1", "a 2"}
	for round, want := range []string{"a 1 b 1 a 2 c 1 a 2", "a 1", "a 1"} {
		o.Resume = round > 0
		r := open(t, o, path)
		var ran []string
		for i, it := range items {
			k, h, _ := strings.Cut(it, " ")
			d, err := r.Plan(i+1, k, h)
			if err != nil {
				t.Fatal(err)
			}
			if d.Action == Skip {
				continue
			}
			ran = append(ran, it)
			if err := r.Append(record.Record{Key: k, Seq: i + 1, Status: record.OK, Code: i + 1}, h); err != nil {
				t.Fatal(err)
			}
		}
		if round == 2 {
			r.Close()
			break
		}
		finish(t, r)
		if got := strings.Join(ran, " "); got != want {
			t.Errorf("round %d: ran %s", round, got)
		}
		all := read(t, path)
		if keys(all) != "b c a" || all[2].Code != 5 || all[2].Seq != 5 {
			t.Errorf("round %d: %+v", round, all)
		}
	}
}
