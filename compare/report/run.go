package report

import (
	"math"
	"strconv"
	"time"

	"parfor.dev/parfor/compare/stat"
)

// Seconds is a duration that JSON keeps as a number of seconds, and as null
// if there is none (NaN or infinite).
type Seconds float64

// Took converts a duration.
func Took(d time.Duration) Seconds { return Seconds(d.Seconds()) }

// Duration converts back, to the nanosecond; what is no number becomes 0.
func (s Seconds) Duration() time.Duration {
	if !s.known() {
		return 0
	}
	return time.Duration(math.Round(float64(s) * 1e9))
}

// MarshalJSON writes the shortest number that reads back the same, or null.
func (s Seconds) MarshalJSON() ([]byte, error) {
	if !s.known() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(s), 'g', -1, 64), nil
}

// UnmarshalJSON reads a number; null is NaN.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*s = Seconds(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return err
	}
	*s = Seconds(v)
	return nil
}

func (s Seconds) known() bool { return !math.IsNaN(float64(s)) && !math.IsInf(float64(s), 0) }

// Run is one measurement.
type Run struct {
	Round   int     `json:"round,omitempty"` // from 1
	At      Seconds `json:"at_s,omitempty"`  // when it began, since Report.Started
	Took    Seconds `json:"took_s"`          // includes Startup only where Series.StartIncluded says so
	Startup Seconds `json:"startup_s,omitempty"`
	CPU     Seconds `json:"cpu_s,omitempty"`        // user and system, this process and its workers
	Memory  int64   `json:"memory_bytes,omitempty"` // peak, or what the way added: Way.MemoryIsDelta
	Failed  int     `json:"failed,omitempty"`       // requests without an answer
}

// Band is what several runs say: the median and how far they spread.
type Band struct {
	N                int
	Median, Min, Max float64
}

// Overlaps says whether two bands share a value; then no difference was seen.
func (b Band) Overlaps(o Band) bool { return b.Min <= o.Max && o.Min <= b.Max }

// BandOf summarises what pick returns for each run. Values that are no number,
// or below zero, are left out; N counts the rest.
func BandOf(runs []Run, pick func(Run) Seconds) Band {
	v := samples(runs, pick)
	lo, hi := stat.Range(v)
	return Band{N: len(v), Median: stat.Median(v), Min: lo, Max: hi}
}

// Times is the band of how long runs took.
func Times(runs []Run) Band { return BandOf(runs, took) }

func took(r Run) Seconds    { return r.Took }
func startup(r Run) Seconds { return r.Startup }
func cpu(r Run) Seconds     { return r.CPU }

// samples leaves out what can't be a duration. Zero stays: a clock may be that coarse.
func samples(runs []Run, pick func(Run) Seconds) []float64 {
	v := make([]float64, 0, len(runs))
	for _, r := range runs {
		if s := pick(r); s.known() && s >= 0 {
			v = append(v, float64(s))
		}
	}
	return v
}

// times of a cell, which may be missing.
func (c *Cell) times() Band {
	if c == nil {
		return Times(nil)
	}
	return Times(c.Runs)
}
