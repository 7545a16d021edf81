package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it, then run the test with -update. Got:\n%s", path, got)
	}
}

func TestTableGolden(t *testing.T) {
	for _, width := range []int{106, 80, 60} {
		var b bytes.Buffer
		if err := WriteTable(&b, sample(), width); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("table-%d.txt", width), b.Bytes())
	}
}

func TestSVGGolden(t *testing.T) {
	for name, size := range map[string]Size{"chart.svg": {}, "chart-narrow.svg": {420, 440}} {
		var b bytes.Buffer
		if err := WriteSVG(&b, sample(), size); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
	p := NewPlot(sample().Grid)
	p.Linear = true
	var b bytes.Buffer
	if err := p.WriteSVG(&b, Size{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "chart-linear.svg", b.Bytes())
}

// No line is wider than asked for, words that can't be broken apart.
func TestTableFitsItsWidth(t *testing.T) {
	reports := odd()
	reports["sample"] = sample()
	delete(reports, "hostile") // its names are longer than a line
	for name, r := range reports {
		first := leastWidth
		if name == "many" {
			first = 68 // six times take that
		}
		for width := first; width <= 130; width++ {
			var b bytes.Buffer
			if err := WriteTable(&b, r, width); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
					t.Fatalf("%s at %d: a line has %d columns:\n%s", name, width, n, line)
				}
			}
		}
	}
}

// The pieces that an experiment prints one by one are those of the whole table.
func TestPiecesMakeTheTable(t *testing.T) {
	r, text := sample(), Text{Width: 90}
	var whole bytes.Buffer
	if err := WriteTable(&whole, r, 90); err != nil {
		t.Fatal(err)
	}
	s := text.Header(r) + text.BlockTitle(r.Ways)
	for i := range r.Ways.Ways {
		s += text.BlockRow(r.Ways, i)
	}
	if !strings.HasPrefix(whole.String(), s) {
		t.Errorf("the block's pieces:\n%s\nthe table:\n%s", s, whole.String())
	}
	s = text.GridTitle(r.Grid)
	for _, size := range r.Grid.Sizes {
		s += text.GridRow(r.Grid, size)
	}
	if !strings.Contains(whole.String(), s) {
		t.Errorf("the grid's pieces:\n%s\nthe table:\n%s", s, whole.String())
	}
}

// Alignment may not depend on what is measured: rows printed early stay valid.
func TestLayoutIgnoresValues(t *testing.T) {
	full, empty := sample(), sample()
	for i := range empty.Ways.Ways {
		empty.Ways.Ways[i].Runs = nil
	}
	empty.Grid.Cells = nil
	for _, width := range []int{0, 80, 60} {
		text := Text{Width: width}
		if a, b := text.BlockTitle(full.Ways), text.BlockTitle(empty.Ways); a != b {
			t.Errorf("%q then %q", b, a)
		}
		if a, b := text.GridTitle(full.Grid), text.GridTitle(empty.Grid); a != b {
			t.Errorf("%q then %q", b, a)
		}
	}
}
