package trace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// event is what the format says an event may have.
type event struct {
	Ph   string         `json:"ph"`
	Name *string        `json:"name"`
	PID  *int           `json:"pid"`
	TID  *int           `json:"tid"`
	TS   *float64       `json:"ts"`
	Dur  *float64       `json:"dur"`
	Cat  string         `json:"cat"`
	S    string         `json:"s"`
	Col  string         `json:"cname"`
	Args map[string]any `json:"args"`
}

func (e event) arg(key string) string {
	if v, ok := e.Args[key]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// ns is a time in nanoseconds, in which they can be compared.
func ns(us float64) int64 { return int64(math.Round(us * 1000)) }

type lane struct{ pid, tid int }

// validate checks a finished trace against the rules of the format and returns
// its events.
func validate(t *testing.T, file []byte) []event {
	t.Helper()
	events, err := parse(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, file[max(0, len(file)-500):])
	}
	for _, e := range violations(events) {
		t.Error(e)
	}
	return events
}

// parse reads the array form strictly.
func parse(file []byte) (events []event, err error) {
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(&events); err != nil {
		return nil, err
	}
	if rest := bytes.TrimSpace(file[d.InputOffset():]); len(rest) > 0 {
		return nil, fmt.Errorf("after the array: %q", rest)
	}
	return events, nil
}

// cutShort reads what a killed program left, as viewers do: up to the last
// whole event.
func cutShort(file []byte) ([]event, error) {
	whole := file[:bytes.LastIndexByte(file, '\n')+1]
	whole = bytes.TrimSuffix(bytes.TrimSpace(whole), []byte(","))
	if bytes.HasSuffix(whole, []byte("]")) {
		return parse(whole)
	}
	return parse(append(slices.Clip(whole), ']'))
}

// checker knows what a lane has had.
type checker struct {
	bad     []string
	named   map[int]bool
	threads map[lane]bool
	used    map[lane]bool
	last    map[lane]int64 // begin of the last event
	open    map[lane][]string
	ends    map[lane][]int64 // of X events that enclose the next
	samples map[string]int64 // last time of a counter
}

func (c *checker) errorf(format string, a ...any) { c.bad = append(c.bad, fmt.Sprintf(format, a...)) }

// violations are the rules that events break.
func violations(events []event) []string {
	c := &checker{named: map[int]bool{}, threads: map[lane]bool{}, used: map[lane]bool{}, last: map[lane]int64{},
		open: map[lane][]string{}, ends: map[lane][]int64{}, samples: map[string]int64{}}
	for i, e := range events {
		c.event(i, e)
	}
	for l := range c.used {
		if !c.named[l.pid] {
			c.errorf("process %d has no name", l.pid)
		}
		if !c.threads[l] {
			c.errorf("lane %v has no name", l)
		}
	}
	for l, names := range c.open {
		if len(names) > 0 {
			c.errorf("lane %v: %q never ended", l, names)
		}
	}
	return c.bad
}

func (c *checker) event(i int, e event) {
	if e.Name == nil || e.PID == nil || e.TID == nil {
		c.errorf("event %d has no name, pid or tid: %+v", i, e)
		return
	}
	l, name := lane{*e.PID, *e.TID}, *e.Name
	if e.Ph == "M" {
		c.metadata(l, name, e)
		return
	}
	if e.TS == nil || *e.TS < 0 {
		c.errorf("event %d (%s %q) has no time, or one below 0", i, e.Ph, name)
		return
	}
	at := ns(*e.TS)
	c.used[l] = true
	if (e.Dur != nil) != (e.Ph == "X") || (e.S != "") != (e.Ph == "i") {
		c.errorf("event %d: dur is for X, s for i: %+v", i, e)
		return
	}
	if e.Ph == "C" {
		c.counter(l, name, at, e)
		return
	}
	if at < c.last[l] {
		c.errorf("event %d (%s %q) at %d is before the one before it on lane %v", i, e.Ph, name, at, l)
	}
	c.last[l] = at
	switch e.Ph {
	case "B":
		c.open[l] = append(c.open[l], name)
	case "E":
		n := len(c.open[l])
		if n == 0 || c.open[l][n-1] != name {
			c.errorf("event %d ends %q, open are %q", i, name, c.open[l])
			return
		}
		c.open[l] = c.open[l][:n-1]
	case "X":
		c.complete(l, name, at, at+ns(*e.Dur))
	case "i":
		if !strings.Contains("gpt", e.S) {
			c.errorf("event %d has scope %q", i, e.S)
		}
	default:
		c.errorf("event %d has the unknown phase %q", i, e.Ph)
	}
}

// complete checks that a slice lies in the one before or after it.
func (c *checker) complete(l lane, name string, begin, end int64) {
	if end < begin {
		c.errorf("lane %v: %q ends before it begins", l, name)
	}
	around := c.ends[l]
	for len(around) > 0 && around[len(around)-1] <= begin {
		around = around[:len(around)-1]
	}
	if len(around) > 0 && around[len(around)-1] < end {
		c.errorf("lane %v: %q [%d, %d] overlaps one that ends at %d", l, name, begin, end, around[len(around)-1])
	}
	c.ends[l] = append(around, end)
}

func (c *checker) counter(l lane, name string, at int64, e event) {
	if len(e.Args) == 0 {
		c.errorf("counter %q has no value", name)
	}
	for k, v := range e.Args {
		if _, ok := v.(float64); !ok {
			c.errorf("counter %q: %s is %v, no number", name, k, v)
		}
		id := fmt.Sprint(l.pid, name, k)
		if at < c.samples[id] {
			c.errorf("counter %q %s goes back in time to %d", name, k, at)
		}
		c.samples[id] = at
	}
}

func (c *checker) metadata(l lane, name string, e event) {
	want := map[string]string{"process_name": "name", "process_labels": "labels", "process_sort_index": "sort_index",
		"thread_name": "name", "thread_sort_index": "sort_index"}[name]
	v, ok := e.Args[want]
	if !ok || len(e.Args) != 1 {
		c.errorf("metadata %q has %v, want %q", name, slices.Collect(maps.Keys(e.Args)), want)
		return
	}
	if _, isNumber := v.(float64); isNumber != strings.HasSuffix(name, "_index") {
		c.errorf("metadata %q: %v", name, v)
	}
	switch name {
	case "process_name":
		c.named[l.pid] = true
	case "thread_name":
		c.threads[l] = true
	}
}

// The validator must see what it is there to see.
func TestValidatorSeesViolations(t *testing.T) {
	const named = `{"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"p"}},{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"t"}},`
	for want, text := range map[string]string{
		"":                 `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":5},{"ph":"X","name":"b","pid":1,"tid":1,"ts":2,"dur":4},{"ph":"X","name":"c","pid":1,"tid":1,"ts":6,"dur":0.001}`,
		"overlaps":         `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":5},{"ph":"X","name":"b","pid":1,"tid":1,"ts":2,"dur":4.001}`,
		"before the one":   `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":0},{"ph":"X","name":"b","pid":1,"tid":1,"ts":0.5,"dur":0}`,
		"below 0":          `{"ph":"X","name":"a","pid":1,"tid":1,"ts":-1,"dur":5}`,
		"no name, pid":     `{"ph":"X","name":"a","tid":1,"ts":1,"dur":5}`,
		"unknown phase":    `{"ph":"Q","name":"a","pid":1,"tid":1,"ts":1}`,
		"dur is for X":     `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1}`,
		"no number":        `{"ph":"C","name":"a","pid":1,"tid":1,"ts":1,"args":{"n":"1"}}`,
		"back in time":     `{"ph":"C","name":"a","pid":1,"tid":1,"ts":2,"args":{"n":1}},{"ph":"C","name":"a","pid":1,"tid":1,"ts":1,"args":{"n":1}}`,
		"never ended":      `{"ph":"B","name":"a","pid":1,"tid":1,"ts":1}`,
		"ends \"a\"":       `{"ph":"E","name":"a","pid":1,"tid":1,"ts":1}`,
		"lane {1 2} has":   `{"ph":"B","name":"a","pid":1,"tid":2,"ts":1},{"ph":"E","name":"a","pid":1,"tid":2,"ts":1}`,
		"process 2 has no": `{"ph":"i","name":"a","pid":2,"tid":1,"ts":1,"s":"p"}`,
		"scope":            `{"ph":"i","name":"a","pid":1,"tid":1,"ts":1,"s":"q"}`,
		"want \"labels\"":  `{"ph":"M","name":"process_labels","pid":1,"tid":1,"args":{"name":"x"}}`,
	} {
		events, err := parse([]byte("[" + named + text + "]"))
		if err != nil {
			t.Fatal(want, err)
		}
		got := strings.Join(violations(events), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
	for _, text := range []string{`[{"ph":"X","more":1}]`, `[]x`, `[{"ph":"X"}`} {
		if _, err := parse([]byte(text)); err == nil {
			t.Errorf("%s parses", text)
		}
	}
}
