package loop

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// Stop keeps items from starting; what runs is finished. The zero value is
// ready. It may be used concurrently.
type Stop struct{ asked atomic.Bool }

// Ask asks for it.
func (s *Stop) Ask() { s.asked.Store(true) }

// Asked reports whether somebody did.
func (s *Stop) Asked() bool { return s.asked.Load() }

// Failures is how many failures are too many: a number, or a share of the
// items that have ended. The zero value is no bound.
type Failures struct {
	Number int
	Share  float64 // of 1
}

// enough is how many items must have ended before a share of them means
// something.
const enough = 10

// ParseFailures reads a number as in 3, or a share as in 5%.
func ParseFailures(text string) (Failures, error) {
	if number, ok := strings.CutSuffix(text, "%"); ok {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil || !(v > 0 && v <= 100) {
			return Failures{}, fmt.Errorf("%q is no share of failures: write 5%%", text)
		}
		return Failures{Share: v / 100}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return Failures{}, fmt.Errorf("%q is no number of failures: write 3, or 5%%", text)
	}
	return Failures{Number: n}, nil
}

func (f Failures) tooMany(failed, ended int64) bool {
	return f.Number > 0 && failed >= int64(f.Number) ||
		f.Share > 0 && ended >= enough && float64(failed) >= f.Share*float64(ended)
}

// failedForGood counts a failure and stops the loop if it was one too many.
func (r *run) failedForGood() {
	failed := r.failed.Add(1)
	if r.MaxFailures.tooMany(failed, max(r.finished.Load()+1, failed)) {
		r.halted.Store(true)
		r.Stop.Ask()
	}
}
