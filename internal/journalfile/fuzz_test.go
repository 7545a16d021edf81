package journalfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// FuzzReader reads anything: it never panics, never takes more memory than the
// file has bytes, and never returns a record whose sum is wrong.
func FuzzReader(f *testing.F) {
	whole := func(how Sync) []byte {
		path := filepath.Join(f.TempDir(), "j")
		w, err := Open(path, loop, Options{Sync: how})
		if err != nil {
			f.Fatal(err)
		}
		w.AppendBase(&Base{Data: []byte("base"), Last: true})
		for i := range 4 {
			w.AppendDone(item(i))
		}
		w.AppendEnd()
		w.Close()
		b, _ := os.ReadFile(path)
		return b
	}
	for _, b := range [][]byte{whole(SyncNever), whole(SyncAlways)} {
		f.Add(b, uint16(0), false)
		f.Add(b[:len(b)-30], uint16(60), true)
		f.Add(append(b, make([]byte, 100)...), uint16(200), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, at uint16, mend bool) {
		if mend {
			b = mended(b, int(at))
		}
		s, err := newScanner("j", bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		end, err := s.records(func(at int64, r *Record) error {
			frame := b[at:s.at]
			sum := crc32.Checksum(b[:preambleSize], castagnoli()) ^ uint32(at)
			if crc32.Update(sum, castagnoli(), frame[8:]) != binary.LittleEndian.Uint32(frame[4:]) {
				t.Fatal("a record with a wrong sum")
			}
			var again []byte
			switch r.Kind {
			case KindDone:
				again = r.Done.append(nil)
			case KindBase:
				again = r.Base.append(nil)
			}
			var second Record
			if err := second.decode(r.Kind, again); err != nil || shown(&second) != shown(r) {
				t.Fatalf("%s became %s: %v", shown(r), shown(&second), err)
			}
			return nil
		})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(8<<20+64*len(b)) {
			t.Fatalf("%d bytes of memory for %d", used, len(b))
		}
		if end < s.first || end > int64(len(b)) {
			t.Fatalf("the end is %d of %d", end, len(b))
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Fatal(err)
		}
	})
}

// mended gives the record that begins at the offset a right sum, so that what
// is behind the sum is reached too.
func mended(b []byte, at int) []byte {
	if at < preambleSize || at+frameHead > len(b) {
		return b
	}
	b = bytes.Clone(b)
	p := newPreamble([4]byte(b[preambleSize-4:]))
	copy(b[at:], p.mark[:])
	h, ok := p.parse(b[at:], int64(len(b)-at))
	if ok {
		binary.LittleEndian.PutUint32(b[at+4:], p.sum(b[at:at+frameHead+int(h.length)], int64(at)))
	}
	return b
}
