package journalfile

import "time"

// Sync says when what is written is made to survive a loss of power, too. What
// was written survives the end of the process in any case: the kernel has it.
type Sync time.Duration

const (
	// SyncDefault is SyncInterval(DefaultInterval).
	SyncDefault Sync = 0
	// SyncNever leaves it to the kernel, which takes half a minute.
	SyncNever Sync = -1
	// SyncAlways reports nothing before fsync has returned.
	SyncAlways Sync = -2
)

// DefaultInterval bounds what a loss of power costs to the items of a second,
// for one fsync a second that nobody waits for.
const DefaultInterval = time.Second

// SyncInterval syncs in the background, at the latest d after a write.
func SyncInterval(d time.Duration) Sync { return Sync(max(d, time.Millisecond)) }

// syncer is the goroutine that syncs at intervals. It belongs to the Writer,
// whose Close ends it.
type syncer struct {
	dirty chan struct{} // holds one: something was written
	quit  chan struct{}
	ended chan struct{}
	err   error // of the last sync, once ended is closed
}

func (w *Writer) startSyncer(every time.Duration) *syncer {
	s := &syncer{dirty: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		for {
			// A file that nobody writes to costs nothing.
			if !s.dirtied() || !s.slept(every) {
				return
			}
			select {
			case <-s.dirty: // what comes from here on may be too late for this one
			default:
			}
			if s.err = w.disk.Sync(); s.err != nil {
				w.mu.Lock()
				w.fail(s.err)
				w.mu.Unlock()
				return
			}
		}
	}()
	return s
}

func (s *syncer) dirtied() bool {
	select {
	case <-s.quit:
		return false
	case <-s.dirty:
		return true
	}
}

func (s *syncer) slept(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.quit:
		return false
	case <-t.C:
		return true
	}
}

// wrote tells the syncer; it never blocks.
func (s *syncer) wrote() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// stop ends the goroutine, waits for it, and returns its error: a sync that
// follows a failed one may succeed, though pages are lost.
func (s *syncer) stop() error {
	close(s.quit)
	<-s.ended
	return s.err
}
