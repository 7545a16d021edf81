package httpstatus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	_ "parfor.dev/parfor/internal/cborcodec" // as package process links it
	"parfor.dev/parfor/internal/errwire"
)

var noon = time.Date(2026, 7, 25, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func response(code int, retryAfter string) *http.Response {
	r := &http.Response{StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Header: http.Header{}, Body: untouched{}}
	if retryAfter != "" {
		r.Header.Set("Retry-After", retryAfter)
	}
	return r
}

// untouched is a body that nobody may read or close.
type untouched struct{}

func (untouched) Read([]byte) (int, error) { panic("read") }
func (untouched) Close() error             { panic("closed") }

var _ io.ReadCloser = untouched{}

// permanent reports what a loop makes of an error: whether it asks AttemptIf,
// which it doesn't about permanent ones.
func permanent(t *testing.T, err error) bool {
	t.Helper()
	asked := false
	fails := func(context.Context, int) error { return err }
	parfor.Each(t.Context(), []int{1}, fails, parfor.Attempts(2), parfor.AttemptIf(func(error) bool { asked = true; return false }))
	return !asked
}

func TestClasses(t *testing.T) {
	temporary := map[int]bool{408: true, 425: true, 429: true}
	for code := 500; code < 600; code++ {
		temporary[code] = code != 501 && code != 505
	}
	for code := 100; code < 700; code++ {
		err := Check(response(code, ""))
		if code < 400 {
			if err != nil {
				t.Errorf("%d: %v", code, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Code != code || e.Wait != 0 {
			t.Fatalf("%d: %v", code, err)
		}
		want := temporary[code] || code >= 600
		if throttled := code == 429 || code == 503; e.Throttled() != throttled {
			t.Errorf("%d: throttled %v", code, !throttled)
		}
		if e.Temporary() != want || permanent(t, err) == want {
			t.Errorf("%d: temporary %v, permanent %v, want temporary %v", code, e.Temporary(), permanent(t, err), want)
		}
	}
	if err := Check(nil); err == nil || !permanent(t, err) {
		t.Errorf("nil: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		header string
		want   time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"120", 2 * time.Minute},
		{" 7\t", 7 * time.Second},
		{"007", 7 * time.Second},
		{"-1", 0},
		{"+1", 0},
		{"1.5", 0},
		{"1e3", 0},
		{"12 s", 0},
		{"soon", 0},
		{"99999999999999999999999999", math.MaxInt64 / time.Second * time.Second},
		{"99999999999999999999999999x", 0},
		{"Sat, 25 Jul 2026 12:00:30 GMT", 30 * time.Second},
		{"Saturday, 25-Jul-26 12:01:00 GMT", time.Minute},
		{"Sat Jul 25 13:00:00 2026", time.Hour},
		{"Sat, 25 Jul 2026 11:59:59 GMT", 0},
		{"Sat, 25 Jul 2026", 0},
		{"Fri, 31 Dec 9999 23:59:59 GMT", math.MaxInt64},
	} {
		for code, asks := range map[int]bool{429: true, 503: true, 500: false, 404: false, 301: false} {
			var e *Error
			err := check(response(code, c.header), atNoon)
			if code < 400 {
				if err != nil {
					t.Error(err)
				}
				continue
			}
			want := c.want
			if !asks {
				want = 0
			}
			if !errors.As(err, &e) || e.Wait != want || e.RetryAfter() != want {
				t.Errorf("%d with Retry-After %q: %v, want %v", code, c.header, e.Wait, want)
			}
		}
	}
}

func TestText(t *testing.T) {
	for want, e := range map[string]*Error{
		"503 Service Unavailable (asks to wait 30s)": {Code: 503, Status: "503 Service Unavailable", Wait: 30 * time.Second},
		"404 Gone Fishing":                           {Code: 404, Status: "404 Gone Fishing"},
		"404 Not Found":                              {Code: 404},
		"status 599":                                 {Code: 599},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}

// What a worker process sends arrives as it was.
func TestCrosses(t *testing.T) { synctest.Test(t, crosses) }

func crosses(t *testing.T) {
	for code, final := range map[int]bool{429: false, 404: true} {
		err := fmt.Errorf("post: %w", check(response(code, "30"), atNoon))
		far := errwire.Decode(errwire.Append(nil, err))
		var was, is *Error
		if !errors.As(err, &was) || !errors.As(far, &is) || *was != *is || far.Error() != err.Error() || permanent(t, far) != final {
			t.Errorf("%v arrived as %v", err, far)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "-1", "9223372036854775807", "Sat, 25 Jul 2026 12:00:30 GMT", "Saturday, 25-Jul-26 12:01:00 GMT", "Sat Jul 25 13:00:00 2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		d := retryAfter(header, atNoon)
		if d < 0 {
			t.Errorf("%q: %v", header, d)
		}
		if n, ok := digits(header); ok && (d != n || strings.Trim(header, "0123456789") != "") {
			t.Errorf("%q: %v, as digits %v", header, d, n)
		}
		if d > 0 && strings.Trim(header, " \t") == "" {
			t.Errorf("%q: %v", header, d)
		}
	})
}
