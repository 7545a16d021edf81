package metrics_test

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// scrape is a page, read by the rules of the text format 0.0.4: samples by what
// stands before their value, with labels sorted.
type scrape map[string]float64

var (
	nameRule  = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*`)
	labelRule = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"`)
)

// parser reads a page line by line.
type parser struct {
	kinds   map[string]string // of families, by name
	helps   map[string]bool
	family  string // whose samples come now
	over    map[string]bool
	samples scrape
	buckets map[string][]bucket // by histogram and labels without le
}

type bucket struct{ le, n float64 }

// parse reads a page and reports the first rule that it breaks.
func parse(text []byte) (scrape, error) {
	p := &parser{kinds: map[string]string{}, helps: map[string]bool{}, over: map[string]bool{}, samples: scrape{}, buckets: map[string][]bucket{}}
	if !utf8.Valid(text) || !bytes.HasSuffix(text, []byte("\n")) {
		return nil, fmt.Errorf("not UTF-8, or no newline at the end")
	}
	for n, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w: %s", n+1, err, line)
		}
	}
	return p.samples, p.histograms()
}

func (p *parser) line(line string) error {
	if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
		name, help, _ := strings.Cut(rest, " ")
		if p.helps[name] || p.kinds[name] != "" || help == "" {
			return fmt.Errorf("HELP is there twice, after TYPE, or empty")
		}
		p.helps[name] = true
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
		name, kind, _ := strings.Cut(rest, " ")
		if !p.helps[name] || p.kinds[name] != "" || !slices.Contains([]string{"counter", "gauge", "histogram"}, kind) {
			return fmt.Errorf("TYPE without HELP, twice, or of no kind")
		}
		if kind == "counter" != strings.HasSuffix(name, "_total") {
			return fmt.Errorf("_total is for counters")
		}
		p.over[p.family] = true
		p.kinds[name], p.family = kind, name
		return nil
	}
	return p.sample(line)
}

func (p *parser) sample(line string) error {
	name := nameRule.FindString(line)
	family := name
	if p.kinds[p.family] == "histogram" {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			family = strings.TrimSuffix(family, suffix)
		}
	}
	if name == "" || family != p.family || p.over[family] || p.kinds[family] == "histogram" && family == name {
		return fmt.Errorf("a sample of %q among those of %q", name, p.family)
	}
	rest := line[len(name):]
	labels := map[string]string{}
	if strings.HasPrefix(rest, "{") {
		rest = rest[1:]
		for {
			m := labelRule.FindStringSubmatch(rest)
			if m == nil {
				return fmt.Errorf("no label at %q", rest)
			}
			if _, twice := labels[m[1]]; twice {
				return fmt.Errorf("label %s is there twice", m[1])
			}
			labels[m[1]] = unescape.Replace(m[2])
			rest = rest[len(m[0]):]
			if rest, _ = strings.CutPrefix(rest, ","); strings.HasPrefix(rest, "}") {
				rest = rest[1:]
				break
			}
		}
	}
	value, err := strconv.ParseFloat(strings.TrimPrefix(rest, " "), 64)
	if err != nil {
		return err
	}
	if p.kinds[family] != "gauge" && value < 0 {
		return fmt.Errorf("a counter below 0")
	}
	id := name + series(labels)
	if _, twice := p.samples[id]; twice {
		return fmt.Errorf("%s is there twice", id)
	}
	p.samples[id] = value
	if strings.HasSuffix(name, "_bucket") {
		le, err := strconv.ParseFloat(labels["le"], 64)
		if err != nil {
			return fmt.Errorf("le: %w", err)
		}
		delete(labels, "le")
		of := family + "\x00" + series(labels)
		p.buckets[of] = append(p.buckets[of], bucket{le, value})
	}
	return nil
}

var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\"`, `"`)

// series writes labels in one order, as they are.
func series(labels map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, k+"="+labels[k])
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// histograms checks that buckets rise, in bounds and counts, up to the count.
func (p *parser) histograms() error {
	for of, bs := range p.buckets {
		name, labels, _ := strings.Cut(of, "\x00")
		for i := 1; i < len(bs); i++ {
			if bs[i].le <= bs[i-1].le || bs[i].n < bs[i-1].n {
				return fmt.Errorf("%s: buckets %v and %v", of, bs[i-1], bs[i])
			}
		}
		count, ok := p.samples[name+"_count"+labels]
		_, hasSum := p.samples[name+"_sum"+labels]
		last := bs[len(bs)-1]
		if !ok || !hasSum || fmt.Sprint(last.le) != "+Inf" || last.n != count {
			return fmt.Errorf("%s: last bucket %v, count %v (%v), sum %v", of, last, count, ok, hasSum)
		}
	}
	return nil
}

// The parser must see what it is there to see.
func TestParserSeesViolations(t *testing.T) {
	const c, h = "# HELP c_total c\n# TYPE c_total counter\n", "# HELP h h\n# TYPE h histogram\n"
	for text, ok := range map[string]bool{
		c + "c_total 1\n": true,
		c + "c_total{a=\"x\\\"\\\\\\n\",b=\"\"} 1\nc_total{a=\"y\"} 2e9\n":        true,
		h + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n": true,
		"c_total 1\n":                false,
		c + "c_total 1":              false,
		c + "c_total -1\n":           false,
		c + "c_total x\n":            false,
		c + "c_total 1\nc_total 1\n": false,
		c + "c_total{a=\"1\"} 1\nc_total{a=\"1\"} 1\n": false,
		c + "c_total{a=\"1\",a=\"1\"} 1\n":             false,
		c + "c_total{a=\"\"\"} 1\n":                    false,
		c + "c_total{a=\"\\t\"} 1\n":                   false,
		c + "c_total{a=\"\xff\"} 1\n":                  false,
		c + c:                                          false,
		c + "d_total 1\n":                              false,
		"# TYPE c_total counter\nc_total 1\n":          false,
		"# HELP c c\n# TYPE c counter\nc 1\n":          false,
		"# HELP c c\n# TYPE c thing\nc 1\n":            false,
		c + "c_total 1\n" + h + "c_total{a=\"1\"} 1\n": false,
		h + "h 1\n":                                    false,
		h + "h_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n": false,
		h + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 3\n": false,
		h + "h_bucket{le=\"1\"} 1\nh_sum 3\nh_count 1\n":                          false,
		h + "h_bucket{le=\"+Inf\"} 1\nh_count 1\n":                                false,
	} {
		if _, err := parse([]byte(text)); (err == nil) != ok {
			t.Errorf("%v of\n%s", err, text)
		}
	}
}
