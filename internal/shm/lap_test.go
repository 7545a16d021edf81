package shm

import "testing"

// A worker that sleeps while a whole lap of requests is put and taken back
// finds the next one.
func TestWorkerThatSleptThroughALap(t *testing.T) {
	m, err := Create(1, 1, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	pool, worker := m.Requests(), m.Queue()
	pos := uint64(0)
	put := func() {
		if err := pool.Put(pos, Task{Index: int64(pos)}, nil, nil, 0, -1); err != nil {
			t.Fatal(err)
		}
		pos++
	}
	for range RingSize + RingSize/2 {
		put()
		if !pool.Revoke(pos - 1) {
			t.Fatal("a request nobody claimed could not be taken back")
		}
	}
	if _, _, ok := worker.Claim(0); ok {
		t.Fatal("the worker claimed a request that was taken back")
	}
	put()
	if worker.Idle() {
		t.Error("the worker sees no request")
	}
	if r, at, ok := worker.Claim(0); !ok || at != pos-1 || r.Index != int64(pos-1) {
		t.Errorf("claimed %d, %t, want %d", at, ok, pos-1)
	}
	if !worker.Idle() {
		t.Error("there is another request")
	}
}
