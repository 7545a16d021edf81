package trace

import (
	"encoding/json"
	"strconv"
	"time"
)

// event builds one trace event, on one line. The format is described in "Trace
// Event Format" (Google, 2016); all of its times are microseconds.
type event struct {
	b      []byte
	inArgs bool
	first  bool // of the arguments
}

// Phases of events.
const (
	begin    = "B"
	finish   = "E"
	complete = "X"
	instant  = "i"
	counter  = "C"
	metadata = "M"
)

// begin starts an event with the fields that all have.
func (e *event) begin(phase, name string, pid, tid int) *event {
	e.inArgs = false
	e.b = append(append(append(e.b[:0], `{"ph":"`...), phase...), `","name":`...)
	e.b = appendString(e.b, name)
	e.b = strconv.AppendInt(append(e.b, `,"pid":`...), int64(pid), 10)
	e.b = strconv.AppendInt(append(e.b, `,"tid":`...), int64(tid), 10)
	return e
}

// time adds a time, exact to the nanosecond.
func (e *event) time(key string, d time.Duration) *event {
	d = max(d, 0)
	e.key(key)
	e.b = strconv.AppendInt(e.b, int64(d/time.Microsecond), 10)
	ns := int64(d % time.Microsecond)
	e.b = append(e.b, '.', byte('0'+ns/100), byte('0'+ns/10%10), byte('0'+ns%10))
	return e
}

func (e *event) text(key, s string) *event {
	e.key(key)
	e.b = appendString(e.b, s)
	return e
}

func (e *event) int(key string, n int64) *event {
	e.key(key)
	e.b = strconv.AppendInt(e.b, n, 10)
	return e
}

func (e *event) float(key string, x float64) *event {
	e.key(key)
	e.b = strconv.AppendFloat(e.b, x, 'f', 1, 64)
	return e
}

// args has what follows become arguments.
func (e *event) args() *event {
	e.b = append(e.b, `,"args":{`...)
	e.inArgs, e.first = true, true
	return e
}

func (e *event) key(key string) {
	if !e.inArgs || !e.first {
		e.b = append(e.b, ',')
	}
	e.first = false
	e.b = append(appendString(e.b, key), ':')
}

// end is the whole event.
func (e *event) end() []byte {
	if e.inArgs {
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, '}')
	return e.b
}

// appendString adds a JSON string, whatever is in s.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always has a form
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
