package httpstatus

import (
	"math"
	"net/http"
	"strings"
	"time"
)

// retryAfter reads the header of RFC 9110, section 10.2.3: a number of seconds, or
// a date in one of three forms. It is never negative, and 0 for anything else.
func retryAfter(header string, now func() time.Time) time.Duration {
	header = strings.Trim(header, " \t")
	if seconds, ok := digits(header); ok {
		return seconds
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(date.Sub(now()), 0)
}

// digits reads seconds; there may be more of them than a duration holds.
func digits(s string) (d time.Duration, ok bool) {
	const most = math.MaxInt64 / int64(time.Second)
	n := int64(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > most {
			n = most // goes on: what follows may be no digit
		}
	}
	return time.Duration(n) * time.Second, s != ""
}
