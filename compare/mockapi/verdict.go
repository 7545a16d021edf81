package mockapi

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
)

// DefaultNotFoundEvery is the rule that 1 in 50 numbers does not exist.
const DefaultNotFoundEvery = 50

// Config says how the API behaves. The zero value answers 200 at once.
type Config struct {
	Latency       time.Duration // before each answer
	Jitter        time.Duration // Latency varies by up to this much, both ways, evenly
	Errors        float64       // share of requests answered 503, from 0 to 1
	Drops         float64       // share of connections closed instead of answered, from 0 to 1
	RateLimit     float64       // requests a second over all clients; beyond it 429; 0 means no limit
	NotFoundEvery int64         // numbers that it divides are 404; 0 means none
}

// Check reports every setting that makes no sense.
func (c Config) Check() error {
	var bad []error
	if c.Latency < 0 || c.Latency > time.Hour {
		bad = append(bad, fmt.Errorf("latency %v: must be between 0 and 1h", c.Latency))
	}
	if c.Jitter < 0 || c.Jitter > c.Latency {
		bad = append(bad, fmt.Errorf("jitter %v: must be between 0 and the latency, %v", c.Jitter, c.Latency))
	}
	for _, s := range []struct {
		name string
		v    float64
	}{{"errors", c.Errors}, {"drops", c.Drops}} {
		if !(s.v >= 0 && s.v <= 1) {
			bad = append(bad, fmt.Errorf("%s %v: must be a share between 0 and 1", s.name, s.v))
		}
	}
	if !(c.RateLimit >= 0) || math.IsInf(c.RateLimit, 1) {
		bad = append(bad, fmt.Errorf("rate limit %v: must be requests a second, 0 or more", c.RateLimit))
	}
	if c.NotFoundEvery < 0 {
		bad = append(bad, fmt.Errorf("not found every %d: must be 0 or more", c.NotFoundEvery))
	}
	return errors.Join(bad...)
}

// String describes the behaviour in words.
func (c Config) String() string {
	parts := []string{spaced(c.Latency) + " an answer"}
	if c.Jitter > 0 {
		parts[0] = spaced(c.Latency) + " ± " + spaced(c.Jitter) + " an answer"
	}
	if c.NotFoundEvery > 0 {
		parts = append(parts, fmt.Sprintf("1 in %d says 404", c.NotFoundEvery))
	}
	if c.Errors > 0 {
		parts = append(parts, fmt.Sprintf("%.3g%% fail with 503", 100*c.Errors))
	}
	if c.Drops > 0 {
		parts = append(parts, fmt.Sprintf("%.3g%% drop the connection", 100*c.Drops))
	}
	if c.RateLimit > 0 {
		parts = append(parts, fmt.Sprintf("429 beyond %.4g/s", c.RateLimit))
	}
	return strings.Join(parts, ", ")
}

// spaced puts a space before the unit of a duration that has one.
func spaced(d time.Duration) string {
	s := d.String()
	number := strings.TrimRight(s, "nµms")
	if number == "" || number == s || strings.ContainsAny(number, "hms") {
		return s
	}
	return number + " " + s[len(number):]
}

// Verdict is what the API does with a request it takes in.
type Verdict struct {
	Status int  // 200, 404 or 503; 0 when the connection is dropped
	Drop   bool // close the connection instead of answering
	Wait   time.Duration
}

// Verdict decides the nth request (from 1) for a number. It is a pure
// function: clients may predict every answer. A request that failed may
// succeed when it is sent again; a number that does not exist never will.
func (c Config) Verdict(number int64, nth uint32) Verdict {
	v := Verdict{Status: http.StatusOK, Wait: c.Latency}
	if c.Jitter > 0 {
		v.Wait += time.Duration((2*share(number, nth, 'j') - 1) * float64(c.Jitter))
	}
	switch {
	case share(number, nth, 'd') < c.Drops:
		v.Status, v.Drop = 0, true
	case share(number, nth, 'e') < c.Errors:
		v.Status = http.StatusServiceUnavailable
	case c.NotFoundEvery > 0 && number%c.NotFoundEvery == 0:
		v.Status = http.StatusNotFound
	}
	return v
}

// share is an even hash into [0, 1): the finaliser of splitmix64 (Steele, Lea,
// Flood 2014) over the number, with the purpose as salt so that the numbers
// that fail are not the ones that are slow.
func share(number int64, nth uint32, salt byte) float64 {
	x := uint64(number)*0x9e3779b97f4a7c15 + uint64(nth)<<8 + uint64(salt)
	for range 2 {
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}
