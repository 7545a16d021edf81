package tune

import "time"

// window sums samples over a stretch of time.
type window struct {
	from, to time.Duration
	usual    time.Duration // latency before
	sum      Sample
}

func (w *window) restart(now, usual time.Duration) { *w = window{from: now, to: now, usual: usual} }

func (w *window) add(now time.Duration, s Sample) {
	w.to = now
	w.sum.add(s)
}

func (w *window) length() time.Duration { return w.to - w.from }

// counted is throughput as counted: attempts that ended over time. Attempts
// that began together end together, so that a window of a few round trips has
// one wave more or less.
func (w *window) counted(failing float64) float64 {
	return useful(w.sum, failing) / w.length().Seconds()
}

// throughput is that of Little's law, in flight over latency. It has no waves:
// what is in flight counts for the part of it that was in the window. It holds
// while latency stays what it is; else attempts that began before the window
// tell of another time, and counting is better.
func (w *window) throughput(failing float64) float64 {
	if w.sum.Took <= 0 || w.sum.Failed+w.sum.Refused > 0 {
		return w.counted(failing)
	}
	if !w.steady() {
		return w.counted(failing)
	}
	return w.counted(failing) * float64(w.sum.Busy) / float64(w.sum.Took)
}

// steady reports whether latency is what it was before.
func (w *window) steady() bool {
	change := float64(w.latency()) / float64(w.usual)
	return change > 0.9 && change < 1.1
}

func (w *window) inFlight() float64 { return float64(w.sum.Busy) / float64(w.length()) }

func (w *window) latency() time.Duration {
	if w.sum.OK > 0 {
		return w.sum.Took / time.Duration(w.sum.OK)
	}
	return 0
}

// useful counts attempts as work. Failures count where most items fail
// whatever the number is; as many as that are answers like any other.
func useful(s Sample, failing float64) float64 {
	if failing > 0.9 {
		return float64(s.ended())
	}
	return float64(s.OK)
}

// failed is the share of attempts that failed.
func (w *window) failed() float64 {
	if n := w.sum.ended(); n > 0 {
		return float64(w.sum.Failed) / float64(n)
	}
	return 0
}
