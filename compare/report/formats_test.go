package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestJSONRoundTrip(t *testing.T) {
	want := sample()
	want.Sweep = sweepSample()
	var first, second bytes.Buffer
	if err := WriteJSON(&first, want); err != nil {
		t.Fatal(err)
	}
	text := first.String()
	got, err := ReadJSON(&first)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the report read back isn't the one written")
	}
	if err := WriteJSON(&second, got); err != nil {
		t.Fatal(err)
	}
	if second.String() != text {
		t.Error("writing it again gives another text")
	}
}

func TestJSONRefuses(t *testing.T) {
	for _, in := range []string{"", "[]", "{", `{"schema":"parfor.compare/v2"}`, `{"schema":"` + Schema + `"} x`,
		`{"schema":"` + Schema + `","lanes":[{"spans":[[1,2,3]]}]}`, `{"schema":"` + Schema + `","lanes":[{"spans":[[1e99,2,3,4,5]]}]}`,
		`{"schema":"` + Schema + `","budget_s":"x"}`} {
		if _, err := ReadJSON(strings.NewReader(in)); !errors.Is(err, ErrSchema) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestCSVHasEveryRun(t *testing.T) {
	r := sample()
	r.Sweep = sweepSample()
	var b bytes.Buffer
	if err := WriteCSV(&b, r); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	r.eachRun(func(runLine) { want++ })
	if len(rows) != want+1 || want < 11+15+15+100 {
		t.Errorf("%d lines for %d runs", len(rows), want)
	}
	last := rows[len(rows)-1]
	if last[0] != "cpu" || last[1] != "processes" || last[4] != "2" || last[7] == "" {
		t.Errorf("last line: %q", last)
	}
	for _, row := range rows {
		if row[0] == "sweep" && (row[3] != "500" || row[4] == "500") {
			t.Errorf("a sweep's line: %q", row)
		}
	}
}

// However little or wrong a report holds, each format is written, and is what
// it says it is.
func TestOddReportsRender(t *testing.T) {
	for name, r := range odd() {
		t.Run(name, func(t *testing.T) { renderAll(t, r) })
	}
}

func renderAll(t *testing.T, r *Report) {
	t.Helper()
	Advise(r)
	var b bytes.Buffer
	for _, width := range []int{0, 60} {
		if err := WriteTable(&b, r, width); err != nil {
			t.Error(err)
		}
	}
	if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
		t.Errorf("the table shows what is no number:\n%s", b.String())
	}
	if err := WriteCSV(io.Discard, r); err != nil {
		t.Error(err)
	}
	for _, linear := range []bool{false, true} {
		p := NewPlot(r.Drawn())
		p.Linear = linear
		for _, size := range []Size{{}, {1, 1}, {420, 440}} {
			b.Reset()
			if err := p.WriteSVG(&b, size); err != nil {
				t.Error(err)
			}
			wellFormed(t, b.String())
		}
	}
	b.Reset()
	if err := WriteHTML(&b, r); err != nil {
		t.Error(err)
	}
	if !Ours(b.Bytes()[:min(b.Len(), 4096)]) {
		t.Error("the page isn't recognised as ours")
	}
	b.Reset()
	if err := WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadJSON(&b); err != nil {
		t.Error(err)
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Errorf("a coordinate is no number:\n%s", svg)
	}
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := dec.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
	}
}

func TestOurs(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"json": func(w io.Writer) error { return WriteJSON(w, sample()) },
		"html": func(w io.Writer) error { return WriteHTML(w, sample()) },
		"csv":  func(w io.Writer) error { return WriteCSV(w, sample()) },
		"svg":  func(w io.Writer) error { return WriteSVG(w, sample(), Size{}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if !Ours(b.Bytes()[:min(b.Len(), 4096)]) {
			t.Errorf("%s isn't recognised", name)
		}
	}
	for _, foreign := range []string{"", "{}", "my notes on parfor.compare/v1", "<!doctype html><p>" + Schema} {
		if Ours([]byte(foreign)) {
			t.Errorf("%q is taken for ours", foreign)
		}
	}
}

func TestMissingNumbersAreNull(t *testing.T) {
	r := &Report{Budget: Seconds(math.NaN()), Machine: Machine{Load: math.Inf(1)}, Ways: &Block{Ways: []Way{{Runs: []Run{{Took: Seconds(math.Inf(1))}}}}}}
	var b bytes.Buffer
	if err := WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"took_s": null`) || !strings.Contains(b.String(), `"budget_s": null`) {
		t.Error(b.String())
	}
	if !math.IsInf(r.Machine.Load, 1) || r.Schema != "" {
		t.Error("WriteJSON changed its argument")
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, r := range odd() {
		if len(r.Lanes) > 2 {
			r.Lanes, r.Kept = nil, nil // hundreds of kilobytes of numbers teach the fuzzer nothing
		}
		var b bytes.Buffer
		if err := WriteJSON(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, err := ReadJSON(bytes.NewReader(in)); err == nil {
			renderAll(t, r)
		}
	})
}
