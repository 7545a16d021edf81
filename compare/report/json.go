package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrSchema means that a file is no report of this version.
var ErrSchema = errors.New("report: not a " + Schema + " file")

// maxFile bounds what [ReadJSON] takes in. The default experiment writes a
// quarter of a megabyte.
const maxFile = 256 << 20

// WriteJSON writes the report, every raw run included, and a final newline.
// What was no number (NaN) becomes null. It sets the schema; r isn't changed.
func WriteJSON(w io.Writer, r *Report) error {
	b, err := json.MarshalIndent(r.portable(), "", " ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// portable is a shallow copy that JSON can hold.
func (r *Report) portable() *Report {
	c := *r
	c.Schema = Schema
	for _, f := range []*float64{&c.Machine.Load, &c.API.Errors} {
		if math.IsNaN(*f) || math.IsInf(*f, 0) {
			*f = 0
		}
	}
	return &c
}

// ReadJSON reads what [WriteJSON] wrote. Fields it doesn't know are left out,
// another schema is [ErrSchema], and so is a file that holds something else.
// It reads to the end of rd, at most 256 MiB.
func ReadJSON(rd io.Reader) (*Report, error) {
	limited := &io.LimitedReader{R: rd, N: maxFile + 1}
	dec := json.NewDecoder(limited)
	r := new(Report)
	if err := dec.Decode(r); err != nil {
		if limited.N <= 0 {
			return nil, fmt.Errorf("%w: larger than %d MiB", ErrSchema, maxFile>>20)
		}
		// A later version may differ in the type of a field, which says less than its name.
		if r.Schema == "" || r.Schema == Schema {
			return nil, fmt.Errorf("%w: %w", ErrSchema, err)
		}
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("%w: its schema is %q", ErrSchema, r.Schema)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows the report", ErrSchema)
	}
	return r, nil
}

// MarshalJSON writes [worker, item, start µs, took µs, status]: a named field
// per number would make the lanes three times the size of all else together.
func (s Span) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d,%s,%s,%d]", s.Worker, s.Item, micros(s.Start), micros(s.Took), s.Status), nil
}

func micros(s Seconds) string {
	if !s.known() {
		return "null"
	}
	return fmt.Sprintf("%.0f", float64(s)*1e6)
}

// UnmarshalJSON reads the array form.
func (s *Span) UnmarshalJSON(b []byte) error {
	var v []Seconds
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if len(v) != 5 {
		return fmt.Errorf("report: a span has 5 numbers, this one %d", len(v))
	}
	for _, i := range []int{0, 1, 4} {
		if !v[i].known() || math.Abs(float64(v[i])) > math.MaxInt32 {
			return fmt.Errorf("report: a span's number %d is out of range", i)
		}
	}
	*s = Span{Worker: int(v[0]), Item: int(v[1]), Start: v[2] / 1e6, Took: v[3] / 1e6, Status: int(v[4])}
	return nil
}
