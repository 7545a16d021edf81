package process

import (
	"errors"
	"fmt"
	"sync"

	"parfor.dev/parfor/internal/wire"
)

// maxCall bounds a request to the owner and its answer.
const maxCall = 64 << 20

// upcalls are the worker's requests that wait for an answer.
type upcalls struct {
	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan answer
}

type answer struct {
	payload []byte
	err     error
}

// toOwner is call.ToOwner in a worker.
func (w *worker) toOwner(kind uint8, req []byte) ([]byte, error) {
	if len(req) > maxCall {
		return nil, fmt.Errorf("parfor: a request of %d bytes to the owner: the limit is %d", len(req), maxCall)
	}
	got := make(chan answer, 1)
	c := &w.calls
	c.mu.Lock()
	c.next++
	id := c.next
	if c.waiting == nil {
		c.waiting = map[uint64]chan answer{}
	}
	c.waiting[id] = got
	c.mu.Unlock()
	if err := w.up.Write(wire.Call, wire.AppendCall(nil, id, kind, req)); err != nil {
		fail("the pool is gone: %v", err)
	}
	a := <-got
	return a.payload, a.err
}

func (c *upcalls) reply(b []byte) error {
	id, failed, payload, err := wire.DecodeCall(b)
	if err != nil {
		return err
	}
	c.mu.Lock()
	got := c.waiting[id]
	delete(c.waiting, id)
	c.mu.Unlock()
	if got == nil {
		return nil
	}
	if failed != 0 {
		got <- answer{err: errors.New(string(payload))}
		return nil
	}
	got <- answer{payload: append([]byte(nil), payload...)}
	return nil
}
