package owner

import (
	"errors"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
)

// failureFlags says more about a failed attempt than that it failed.
func failureFlags(err error) (f observe.Flags) {
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
