package shm

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"unsafe"
)

// The structure on heap memory, where the race detector sees each access.
func TestTwinCarriesEverything(t *testing.T) {
	for _, slots := range []int{1, 3} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) { carry(t, Twin(slots), 20_000) })
	}
}

func TestMappedMemoryCarriesEverything(t *testing.T) {
	m, err := Create(2, 42, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	carry(t, m, 20_000)
}

// carry pushes n requests, has them answered by the slots, and revokes some.
func carry(t *testing.T, m *Memory, n int) {
	q := m.Requests()
	done := make(chan struct{})
	stop := make(chan struct{})
	queue := m.Queue()
	for s := range m.Slots() {
		go func() {
			defer func() { done <- struct{}{} }()
			work(t, m, queue, s, stop)
		}()
	}
	var readers []*Reader
	for s := range m.Slots() {
		readers = append(readers, m.Reader(s))
	}
	open := map[uint64][]byte{}
	ends := map[uint64]uint64{}
	var head, tail, at, arenaTail uint64
	var res Result
	sent, revoked, got := 0, 0, 0
	for got+revoked < n {
		for sent < n && head-tail < RingSize {
			payload := bytes.Repeat([]byte{byte(sent)}, sent*sent%700)
			start, end := Space(at, len(payload))
			if end-arenaTail > ArenaSize {
				break
			}
			if err := q.Put(head, Task{Index: int64(sent), Loop: 7}, payload[:len(payload)/2], payload[len(payload)/2:], start, -1); err != nil {
				t.Fatal(err)
			}
			open[head], ends[head] = payload, end
			if sent%50 == 0 && q.Revoke(head) {
				delete(open, head)
				revoked++
			}
			at = end
			head++
			sent++
		}
		for _, r := range readers {
			for {
				ok, err := r.Next(&res)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				want, ok := open[res.Pos]
				if !ok || !bytes.Equal(res.Out, want) || string(res.Writes) != "w" {
					t.Fatalf("request %d: %d bytes came back as %d", res.Pos, len(want), len(res.Out))
				}
				delete(open, res.Pos)
				got++
			}
			r.Release()
		}
		for tail < head && open[tail] == nil && !has(open, tail) {
			arenaTail = ends[tail]
			delete(ends, tail)
			tail++
		}
		runtime.Gosched()
	}
	close(stop)
	for range m.Slots() {
		<-done
	}
	sum := uint64(0)
	for s := range m.Slots() {
		sum += m.Status(s).Finished.Load()
	}
	if int(sum) != got {
		t.Errorf("%d published, %d read", sum, got)
	}
}

func has(m map[uint64][]byte, k uint64) bool { _, ok := m[k]; return ok }

func work(t *testing.T, m *Memory, q *Queue, slot int, stop chan struct{}) {
	w := m.Writer(slot)
	for {
		r, pos, ok := q.Claim(slot)
		if !ok {
			select {
			case <-stop:
				return
			default:
				runtime.Gosched()
				continue
			}
		}
		in, _, err := q.Payload(r)
		if err != nil {
			t.Error(err)
			return
		}
		out := append(w.Scratch(), in...)
		if err := w.Put(&Result{Pos: pos, Out: out[:len(out)/2], Tail: out[len(out)/2:], Writes: []byte("w")}, runtime.Gosched); err != nil {
			t.Error(err)
			return
		}
	}
}

func TestLargePayloadsLiveInAreas(t *testing.T) {
	m, err := Create(1, 1, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	big := bytes.Repeat([]byte("large "), 1<<20)
	q, r, w := m.Requests(), m.Reader(0), m.Writer(0)
	queue := m.Queue()
	var kept []byte
	for i := range uint64(3) {
		if err := q.Put(i, Task{}, big[:1], big[1:], 0, int(i%2)); err != nil {
			t.Fatal(err)
		}
		d, pos, _ := queue.Claim(0)
		in, release, err := queue.Payload(d)
		if err != nil || !bytes.Equal(in, big) || !d.Large() {
			t.Fatal(err)
		}
		if err := w.Put(&Result{Pos: pos, Out: in[:9], Tail: in[9:], Writes: in[:100]}, func() { t.Fatal("would wait") }); err != nil {
			t.Fatal(err)
		}
		release(i == 1)
		q.FreeArea(int(i%2), uint64(len(big)))
		var res Result
		if ok, err := r.Next(&res); !ok || err != nil || !bytes.Equal(res.Out, big) || len(res.Writes) != 100 {
			t.Fatal(ok, err)
		}
		if i == 2 && !bytes.Equal(kept, big) {
			t.Error("memory that was kept has been written over")
		}
		if i == 1 {
			if uintptr(unsafe.Pointer(&res.Out[markSize]))%8 != 0 {
				t.Error("what follows the mark is not aligned")
			}
			kept, *res.Kept = res.Out, true
		}
		r.Release()
	}
}

// A worker may scribble over all it shares: the reader must not follow.
func FuzzReader(f *testing.F) {
	f.Add([]byte{48, 0, 0, 0}, uint64(1))
	f.Add(bytes.Repeat([]byte{0xff}, 96), uint64(9))
	m := Twin(1)
	f.Fuzz(func(t *testing.T, garbage []byte, finished uint64) {
		clear(m.resultRing(0))
		copy(m.resultRing(0), garbage)
		m.Status(0).Finished.Store(finished)
		r := m.Reader(0)
		var res Result
		for range 100 {
			if ok, err := r.Next(&res); !ok || err != nil {
				return
			}
			_ = append(bytes.Clone(res.Out), res.Writes...)
		}
	})
}

func FuzzPayload(f *testing.F) {
	f.Add(uint32(inArena), uint64(1), uint64(2))
	f.Add(uint32(inArea), uint64(1<<40), uint64(1<<60))
	m := Twin(1)
	q := m.Queue()
	f.Fuzz(func(t *testing.T, place uint32, at, n uint64) {
		var d Request
		d.setLoc(at, n)
		d.place = place
		b, _, err := q.Payload(&d)
		if err == nil {
			_ = bytes.Clone(b)
		}
	})
}
