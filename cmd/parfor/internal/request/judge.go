package request

import (
	"time"

	"parfor.dev/parfor"
)

// Judge turns what an attempt came to into the error for a parfor loop: nil if
// the answer was as expected; marked with parfor.Permanent if another attempt is
// not worth it or not safe; else one that says how long the server asked to be
// left alone, and, for parfor.Auto, that it was asked too much. doErr is
// [Client.Do]'s error, unexpected [Expect.Check]'s.
func (p Retry) Judge(r *Request, resp *Response, doErr, unexpected error) error {
	err := doErr
	if err == nil {
		err = unexpected
	}
	if err == nil {
		return nil
	}
	again, after := p.Again(r, doErr, resp)
	throttled := resp != nil && (resp.Status == 429 || resp.Status == 503)
	err = &attemptError{err, after, throttled}
	if !again {
		return parfor.Permanent(err)
	}
	return err
}

type attemptError struct {
	error
	after     time.Duration
	throttled bool
}

func (e *attemptError) Unwrap() error             { return e.error }
func (e *attemptError) RetryAfter() time.Duration { return e.after }
func (e *attemptError) Throttled() bool           { return e.throttled }
