package owner

import (
	"testing"
	"time"
)

// A reader that hears nothing begins anew, and waits longer each time until it
// hears something.
func TestReaderIsTooQuiet(t *testing.T) {
	idle := false
	r := &reader{look: func() bool { return idle }}
	for _, want := range []time.Duration{feedQuiet, 2 * feedQuiet, feedLong, feedLong} {
		if idle = true; r.tooQuiet(time.Hour) {
			t.Error("nothing could come")
		}
		if idle = false; r.tooQuiet(want - 1) {
			t.Errorf("%v are too quiet, before %v", want-1, want)
		}
		if !r.tooQuiet(want) {
			t.Errorf("%v are not", want)
		}
	}
}
