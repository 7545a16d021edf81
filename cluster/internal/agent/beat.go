package agent

import "time"

const (
	// overMemory is how long an agent remembers that a loop is over: longer than
	// anything of it can be on its way.
	overMemory = 5 * time.Minute
	// idleTime is after how long without a chunk a loop is forgotten.
	idleTime = 2 * time.Minute
	// waitTime is how long an item may wait for a slot here before it is given
	// back, for others may have one.
	waitTime = time.Second
)

// beat says every third of Redeliver that the agent has what it holds, running
// or not, and looks after what waits too long.
func (a *Agent) beat() {
	every := time.NewTicker(a.Redeliver / 3)
	defer every.Stop()
	look := time.NewTicker(waitTime / 2)
	defer look.Stop()
	for {
		select {
		case <-every.C:
			a.mu.Lock()
			for h := range a.held {
				h.message().InProgress() // fails without a connection: then others get it
			}
			a.mu.Unlock()
		case now := <-look.C:
			a.review(now)
		case <-a.quit:
			return
		}
	}
}

func (a *Agent) review(now time.Time) {
	a.mu.Lock()
	for id, since := range a.over {
		if now.Sub(since) > overMemory {
			delete(a.over, id)
		}
	}
	works := a.all()
	a.mu.Unlock()
	for _, w := range works {
		w.handBack(func(h *held) bool { return !h.loading && now.Sub(h.since) > waitTime })
		w.retire(now)
	}
}
