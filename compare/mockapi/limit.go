package mockapi

import (
	"sync"
	"time"
)

// limiter admits a number of requests a second, evenly: it keeps the moment at
// which the next one is due (the generic cell rate algorithm, ITU-T I.371) and
// lets a tenth of a second's worth through ahead of it.
type limiter struct {
	every time.Duration // between two requests
	burst time.Duration // how far ahead of the even rate a client may be

	mu   sync.Mutex
	next time.Time
}

func newLimiter(perSecond float64) *limiter {
	every := time.Duration(float64(time.Second) / perSecond)
	return &limiter{every: every, burst: max(every/2, time.Second/10)}
}

// admit says whether a request may pass now, and if not, when to come back.
func (l *limiter) admit(now time.Time) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next.Before(now) {
		l.next = now
	}
	if ahead := l.next.Sub(now); ahead > l.burst {
		return false, ahead - l.burst
	}
	l.next = l.next.Add(l.every)
	return true, 0
}
