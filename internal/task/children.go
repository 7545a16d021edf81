package task

// Adopt notes that a task was submitted under this attempt's context: the
// attempt doesn't end before it. It reports false after the attempt ended.
func (a *Attempt) Adopt() bool {
	a.rest.Lock()
	defer a.rest.Unlock()
	if a.done {
		return false
	}
	a.children.Add(1)
	return true
}

// Leave says that an adopted task has ended.
func (a *Attempt) Leave() {
	a.rest.Lock()
	defer a.rest.Unlock()
	if a.children.Add(-1) == 0 && a.childless != nil {
		close(a.childless)
		a.childless = nil
	}
}

// Join waits for the tasks submitted under this attempt's context, lending the
// attempt's slot meanwhile. Whoever runs a body calls it once the body is
// over and before its context is cancelled or the attempt sealed. Without
// such tasks it costs one atomic load.
func (a *Attempt) Join() {
	if a.children.Load() == 0 {
		return
	}
	a.rest.Lock()
	if a.children.Load() == 0 {
		a.rest.Unlock()
		return
	}
	if a.childless == nil {
		a.childless = make(chan struct{})
	}
	last := a.childless
	a.rest.Unlock()
	if a.Slot != nil {
		a.Slot.Lend()
		defer a.Slot.TakeBack()
	}
	<-last
}
