package show

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
)

func kept(key string, seq int, status record.Status, ms float64, err string) results.Kept {
	return results.Kept{Record: record.Record{Key: key, Seq: seq, Status: status, Attempts: 1, MS: ms, Error: err,
		Started: time.Date(2026, 7, 25, 12, 0, seq, 0, time.UTC)}}
}

func TestSummary(t *testing.T) {
	s := NewSummary()
	for i := range 1000 {
		s.Add(kept(fmt.Sprint(i), i+1, record.OK, float64(i+1), ""))
	}
	for i := range 7 {
		s.Add(kept(fmt.Sprint("bad", i), i+1, record.Failed, 5, fmt.Sprintf("item %d: \"x%d\" is no number", i, i)))
	}
	s.Add(kept("slow", 1, record.Timeout, 30000, "timed out after 30s\nmore"))
	var b bytes.Buffer
	if err := s.Write(&b, "f"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"f: 1008 results · 1000 ok · 7 failed · 1 timeout\n", "1008 attempts", "p50 497 ", "max 30015\n",
		"       7 × item 0: \"x0\" is no number (bad0, bad1, bad2, bad3, bad4 …)\n", "       1 × timed out after 30s (slow)\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestGroupsAreBounded(t *testing.T) {
	s := NewSummary()
	for i := range 1000 {
		word := strings.Repeat(string(rune('a'+i%26)), 1+i/26)
		s.Add(kept(word, i+1, record.Failed, 1, word))
	}
	if len(s.order) != mostGroups+1 || s.groups[""].count != 1000-mostGroups {
		t.Errorf("%d groups", len(s.order))
	}
}

func TestFilter(t *testing.T) {
	where := func(text string) Filter {
		q, err := ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		return Filter{Where: q}
	}
	k := kept("a", 3, record.Failed, 12, "no")
	k.Code, k.Body = 404, []byte(`{"id":7}`)
	for i, c := range []struct {
		f    Filter
		want bool
	}{
		{Filter{}, true},
		{Filter{Status: []record.Status{record.OK}}, false},
		{Filter{Status: []record.Status{record.OK, record.Failed}}, true},
		{Filter{Codes: []int{500}}, false},
		{Filter{Codes: []int{404}, Keys: []string{"a"}}, true},
		{Filter{Keys: []string{"b"}}, false},
		{where(".ms > 10 and .body.id == 7"), true},
		{where(".body.id == 8"), false},
		{where(".nothing"), false},
		{where("empty"), false},
	} {
		if got, err := c.f.Passes(k); got != c.want || err != nil {
			t.Errorf("%d: %v, %v", i, got, err)
		}
	}
	if _, err := where(".key.x").Where.Values(k); err == nil || !strings.Contains(err.Error(), "item a") {
		t.Error(err)
	}
}
