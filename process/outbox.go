package process

import (
	"os"
	"sync"

	"parfor.dev/parfor/internal/wire"
)

// outbox writes frames to a worker without ever blocking who sends them: a
// stopped process reads nothing, and its owner must stay able to kill it.
type outbox struct {
	w    *os.File // nil once ended
	wake chan struct{}
	done chan struct{}

	mu     sync.Mutex
	frames [][]byte
}

func startOutbox(w *os.File) *outbox {
	b := &outbox{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go b.run(w)
	return b
}

func (b *outbox) send(t wire.Type, payload []byte) {
	frame := wire.Append(nil, t, payload)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.w == nil {
		return // the worker is dead; an answer to it has come late
	}
	b.frames = append(b.frames, frame)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *outbox) take() [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	fs := b.frames
	b.frames = nil
	return fs
}

func (b *outbox) run(w *os.File) {
	defer close(b.done)
	for range b.wake {
		for _, frame := range b.take() {
			if _, err := w.Write(frame); err != nil {
				break // the worker is gone; its owner will see
			}
		}
	}
}

// end closes the pipe, which ends a worker that still runs.
func (b *outbox) end() {
	b.mu.Lock()
	b.w.Close()
	b.w = nil
	close(b.wake)
	b.mu.Unlock()
	<-b.done
}
