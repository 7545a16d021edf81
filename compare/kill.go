package compare

import (
	"math/rand/v2"
	"os"
	"time"
)

// CanKill says whether Config.Kill works here: workers must be found.
const CanKill = canListChildren

// killEvery is how often a worker dies when Config.Kill is set.
const killEvery = 200 * time.Millisecond

// killing kills one of the workers now and then until the returned function is
// called, which waits for that to end.
func (e *experiment) killing() (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(killEvery)
		defer t.Stop()
		for {
			select {
			case <-quit:
				return
			case <-t.C:
			}
			workers := children(e.ours()...)
			if len(workers) == 0 {
				continue
			}
			if p, err := os.FindProcess(workers[rand.IntN(len(workers))]); err == nil && p.Kill() == nil {
				e.killed++
			}
		}
	}()
	return func() { close(quit); <-ended }
}
