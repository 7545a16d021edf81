// Package httpstatus tells the loops of parfor what the status of an HTTP response
// means for a further attempt.
//
//	resp, err := client.Do(req)
//	if err != nil {
//		return 0, err
//	}
//	defer resp.Body.Close()
//	if err := httpstatus.Check(resp); err != nil {
//		return 0, err
//	}
//
// With parfor.Attempts(5) on the loop, a 404 fails at once, a 502 is tried again,
// and a 429 no sooner than its Retry-After header says. It is a package of its own
// so that package parfor needs no net/http.
package httpstatus

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"parfor.dev/parfor"
)

// Error is a response whose status is 400 or more. It arrives from worker
// processes as itself.
type Error struct {
	Code   int           // 503
	Status string        // "503 Service Unavailable", as the server wrote it
	Wait   time.Duration // the server asked to be left alone for so long, 0 if it didn't
}

var _ = parfor.RegisterError((*Error)(nil))

func (e *Error) Error() string {
	if e.Wait > 0 {
		return fmt.Sprintf("%s (asks to wait %v)", e.status(), e.Wait)
	}
	return e.status()
}

func (e *Error) status() string {
	if e.Status != "" {
		return e.Status
	}
	if text := http.StatusText(e.Code); text != "" {
		return fmt.Sprintf("%d %s", e.Code, text)
	}
	return fmt.Sprintf("status %d", e.Code)
}

// RetryAfter is Wait: a loop with attempts left waits for that long.
func (e *Error) RetryAfter() time.Duration { return e.Wait }

// Throttled reports whether the server was asked too much: 429 and 503. A loop with
// parfor.Auto slows down then, also where the server doesn't say for how long.
func (e *Error) Throttled() bool {
	return e.Code == http.StatusTooManyRequests || e.Code == http.StatusServiceUnavailable
}

// Temporary reports whether the same request may succeed later: 408, 425, 429,
// and 500 and above but 501 and 505.
func (e *Error) Temporary() bool {
	switch e.Code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return e.Code >= 500
}

// Check returns nil for a status below 400, else an error that errors.As finds an
// [*Error] in. One that isn't Temporary is marked with parfor.Permanent, so that no
// attempt is wasted on it. Of 429 and 503, Wait is what the Retry-After header asks
// for, in seconds or until a date by this machine's clock; a date that has passed
// and a header that makes no sense ask for nothing.
//
// Check reads nothing of the body and doesn't close it: that stays with the caller.
// It may be called concurrently.
func Check(resp *http.Response) error {
	if resp == nil {
		return errNil
	}
	return check(resp, time.Now)
}

var errNil = parfor.Permanent(errors.New("httpstatus: the response is nil: check the error that came with it first"))

func check(resp *http.Response, now func() time.Time) error {
	if resp.StatusCode < 400 {
		return nil
	}
	e := &Error{Code: resp.StatusCode, Status: resp.Status}
	if e.Code == http.StatusTooManyRequests || e.Code == http.StatusServiceUnavailable {
		e.Wait = retryAfter(resp.Header.Get("Retry-After"), now)
	}
	if !e.Temporary() {
		return parfor.Permanent(e)
	}
	return e
}
