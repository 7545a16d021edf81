package main

import (
	"strings"
	"testing"
	"time"
)

// TestPace: requests are due at even distances from the first, by the monotonic
// clock: what is measured from there doesn't jump with the wall clock.
func TestPace(t *testing.T) {
	p := pace{perSecond: 50}
	first := p.next()
	for n := 1; n < 100; n++ {
		due := p.next()
		if got := due.Sub(first); got != time.Duration(n)*20*time.Millisecond {
			t.Fatalf("request %d after %v", n, got)
		}
		if !strings.Contains(due.String(), " m=") {
			t.Fatalf("%v has no monotonic time", due)
		}
	}
	if d := time.Since(first); d < 0 || d > time.Minute {
		t.Errorf("the first was due %v ago", d)
	}
	if p := (pace{}); !p.next().IsZero() {
		t.Error("without a rate nothing is due")
	}
}
