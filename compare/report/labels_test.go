//go:build !race

// No test here has goroutines: the race detector would only make it slow.

package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// texts reads the labels back from a drawing, as the boxes they take at the
// assumed width of a letter.
func texts(t *testing.T, svg string) (boxes []box, labels []string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(svg))
	var at map[string]string
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return boxes, labels
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			at = nil
			if tok.Name.Local == "text" {
				at = map[string]string{}
				for _, a := range tok.Attr {
					at[a.Name.Local] = a.Value
				}
			}
		case xml.CharData:
			if at == nil {
				continue
			}
			x, _ := strconv.ParseFloat(at["x"], 64)
			y, _ := strconv.ParseFloat(at["y"], 64)
			size, _ := strconv.ParseFloat(at["font-size"], 64)
			w := textWidth(string(tok), size)
			switch at["text-anchor"] {
			case "middle":
				x -= w / 2
			case "end":
				x -= w
			}
			// From the height of capitals to the baseline.
			boxes = append(boxes, box{x, y - size*0.75, x + w, y})
			labels = append(labels, string(tok))
		case xml.EndElement:
			at = nil
		}
	}
}

func noOverlap(t *testing.T, svg string, size Size) {
	t.Helper()
	boxes, labels := texts(t, svg)
	for i, b := range boxes {
		if !b.inside(box{0, 0, size.Width, size.Height}) {
			t.Errorf("%q is cut off: %v", labels[i], b)
		}
		for j := range i {
			if b.meets(boxes[j]) {
				t.Errorf("%q covers %q", labels[i], labels[j])
			}
		}
	}
	if t.Failed() {
		t.Log(svg)
	}
}

func TestLabelsNeverOverlap(t *testing.T) {
	reports := odd()
	delete(reports, "hostile") // one word wider than the drawing
	reports["sample"] = sample()
	reports["overlay"] = overlaid(t, Source{"old.json", sample()}, Source{"new.json", sample()})
	reports["extremes"] = extremes()
	for name, r := range reports {
		for _, size := range []Size{{860, 520}, {420, 440}, {320, 280}, {1600, 400}} {
			for _, v := range []View{{}, {Linear: true}, {Throughput: true}, {true, true}} {
				t.Run(fmt.Sprintf("%s %v %+v", name, size, v), func(t *testing.T) {
					p := v.Plot(r.Drawn())
					p.Subtitle = strings.Join(r.sources(), "\n")
					noOverlap(t, p.svg(size, ""), p.fit(size))
				})
			}
		}
	}
}

func TestLabelsNeverOverlapOnRandomGrids(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		g := &Grid{Axis: "requests", InFlight: 1 + rng.IntN(32)}
		for n := 1 + rng.IntN(12); n > 0; n-- {
			g.Sizes = append(g.Sizes, 1+int(math.Exp(rng.Float64()*12)))
		}
		for i := range 1 + rng.IntN(5) {
			key := fmt.Sprint("series ", i)
			executor := []string{"sequential", "goroutines", "processes"}[i%3]
			g.Series = append(g.Series, Series{Key: key, Name: key, Executor: executor})
			start, slope := math.Exp(rng.Float64()*10-8), math.Exp(rng.Float64()*6-10)
			for _, size := range g.Sizes {
				for range 1 + rng.IntN(6) {
					g.Add(size, key, Run{Took: Seconds((start + slope*float64(size)) * (1 + 0.1*rng.Float64()))})
				}
			}
		}
		for _, size := range []Size{{860, 520}, {420, 440}} {
			p := NewPlot(g)
			svg := p.svg(size, "")
			wellFormed(t, svg)
			noOverlap(t, svg, size)
			if t.Failed() {
				return
			}
		}
	}
}

func TestSegmentCrosses(t *testing.T) {
	b := box{10, 10, 20, 20}
	for _, c := range []struct {
		s    segment
		want bool
	}{
		{segment{0, 0, 30, 30}, true}, {segment{0, 15, 30, 15}, true}, {segment{12, 12, 13, 13}, true},
		{segment{0, 0, 5, 5}, false}, {segment{0, 25, 30, 25}, false}, {segment{0, 22, 8, 30}, false}, {segment{15, 0, 15, 9}, false},
	} {
		if got := c.s.crosses(b); got != c.want {
			t.Errorf("%v crosses: %v", c.s, got)
		}
	}
}
