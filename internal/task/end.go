package task

import "slices"

// AtEnd adds a hook that runs once the attempt's body has really returned. It
// reports false, and adds nothing, after that.
func (a *Attempt) AtEnd(f func()) bool {
	a.rest.Lock()
	defer a.rest.Unlock()
	if a.ended {
		return false
	}
	a.ends = append(a.ends, f)
	return true
}

// End runs the hooks, the last added first. Whoever runs a body calls it once
// the body is over, be it by return, panic or Goexit, and the tasks it
// submitted are too ([Attempt.Join]); for a body left behind that is long after
// its attempt was sealed. A second call does nothing.
func (a *Attempt) End() {
	a.rest.Lock()
	ends := a.ends
	a.ends, a.ended = nil, true
	a.rest.Unlock()
	for _, f := range slices.Backward(ends) {
		f()
	}
}
