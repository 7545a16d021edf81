// Package failure says what executors in other processes report of failed attempts.
package failure

import (
	"errors"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// Flags says more about a failed attempt than that it failed.
func Flags(err error) (f observe.Flags) {
	var t *parfor.TimeoutError
	if errors.As(err, &t) {
		f |= observe.TimedOut
		if t.Killed {
			f |= observe.Killed
		}
	}
	var w *parfor.WorkerError
	if errors.As(err, &w) {
		f |= observe.Killed
	}
	return f
}
