//go:build linux

package shm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"syscall"
	"testing"
)

// inherit gives the descriptor of a memory as a worker inherits it: as its own.
func inherit(t *testing.T, m *Memory) uintptr {
	fd, err := syscall.Dup(int(m.FD()))
	if err != nil {
		t.Fatal(err)
	}
	return uintptr(fd)
}

// What the worker says of itself is not read from where its bodies can write.
func TestIdentityIsNotInTheOtherSidesHands(t *testing.T) {
	id := Identity{Life: 7, Pool: 9}
	m, err := Create(1, 1, id)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w, err := Open(inherit(t, m), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	clear(m.mem[:page])
	if m.Identity() != id || w.Identity() != id {
		t.Errorf("%+v and %+v", m.Identity(), w.Identity())
	}
}

func TestAWrongNonceIsRefused(t *testing.T) {
	m, err := Create(1, 42, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := Open(inherit(t, m), 43); err == nil {
		t.Error("a wrong nonce was accepted")
	}
}

// A request whose word names another place is not found: to revoke it there would
// take back another task.
func TestFindIgnoresAWordOutOfPlace(t *testing.T) {
	q := Twin(1).Requests()
	if err := q.Put(5, Task{Index: 1, Loop: 2, Attempt: 1}, nil, nil, 0, -1); err != nil {
		t.Fatal(err)
	}
	if pos, ok := q.Find(2, 1, 1); !ok || pos != 5 {
		t.Fatalf("%d, %t", pos, ok)
	}
	q.ring[5].state.Store(word(6, 0, Ready))
	if pos, ok := q.Find(2, 1, 1); ok {
		t.Errorf("found at %d", pos)
	}
}

// A large result that was announced and never written: the file is long enough,
// but has no memory there.
func TestALargeResultMustBeThere(t *testing.T) {
	m, err := Create(1, 1, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.File().Truncate(areaAt(m.resultArea(0)) + 1<<40); err != nil {
		t.Fatal(err)
	}
	lie := record{size: uint32(recordSize), flags: flagLarge, out: 1 << 38}
	b := binary.LittleEndian.AppendUint32(nil, lie.size)
	b = binary.LittleEndian.AppendUint32(b, lie.flags)
	b = append(b, make([]byte, 24)...)
	b = binary.LittleEndian.AppendUint64(b, lie.out)
	copy(m.resultRing(0), b)
	m.Status(0).Finished.Store(1)
	var res Result
	if _, err := m.Reader(0).Next(&res); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %d bytes, %v", len(res.Out), err)
	}
}

// What decoders see doesn't change any more: not a small result, an error, nor the
// writes beside a large result.
func TestResultsAreReadPrivately(t *testing.T) {
	m, err := Create(1, 1, Identity{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w, r := m.Writer(0), m.Reader(0)
	small, large, writes := []byte("small"), bytes.Repeat([]byte("large"), 1<<20), []byte("writes")
	for _, sent := range []Result{{Out: small, Writes: writes}, {Out: large, Writes: writes}, {Out: large, Failed: true}} {
		sent.Pos = 3
		put, out := sent, bytes.Clone(sent.Out)
		if err := w.Put(&put, func() { t.Fatal("would wait") }); err != nil {
			t.Fatal(err)
		}
		var res Result
		if ok, err := r.Next(&res); !ok || err != nil {
			t.Fatal(ok, err)
		}
		clear(m.resultRing(0))
		private := [][2][]byte{{res.Writes, sent.Writes}}
		if sent.Failed || len(out) < 1000 {
			private = append(private, [2][]byte{res.Out, out})
			if err := m.region.writeArea(m.resultArea(0), make([]byte, len(out))); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range private {
			if !bytes.Equal(p[0], p[1]) {
				t.Errorf("%d bytes changed", len(p[1]))
			}
		}
		r.Release()
	}
}

// FuzzQueue overwrites the requests: whatever they are, the worker gets to the end
// of them, and reads no payload that lies elsewhere.
func FuzzQueue(f *testing.F) {
	f.Add(uint32(0), []byte{1, 0, 0, 0, 0, 0, 0, 0})
	f.Add(uint32(1), bytes.Repeat([]byte{0xff}, 256))
	f.Add(uint32(63), bytes.Repeat([]byte{0x11}, 640))
	m := Twin(2)
	f.Fuzz(func(t *testing.T, at uint32, garbage []byte) {
		room := m.mem[m.ringAt():m.arenaAt()]
		clear(room)
		q := m.Queue()
		for pos := range uint64(8) {
			if err := q.Put(pos, Task{Index: int64(pos)}, make([]byte, 16), nil, 0, -1); err != nil {
				t.Fatal(err)
			}
		}
		copy(room[int(at)%len(room):], garbage)
		for n := 0; !q.Idle() && !q.Broken(); n++ {
			r, pos, ok := q.Claim(n % 2)
			if !ok {
				continue
			}
			if b, _, err := q.Payload(r); err == nil {
				_ = bytes.Clone(b)
			}
			q.HandOff(r, pos, n%2)
			if n > 3*RingSize {
				t.Fatal("there is no end")
			}
		}
	})
}
