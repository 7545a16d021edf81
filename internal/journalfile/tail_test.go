package journalfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// written is a file as it was written, and where its records begin and end.
type written struct {
	bytes []byte
	ends  []int64  // of the header, and of each record
	texts []string // of the records
}

// write makes a file of batches of items.
func write(t *testing.T, how Sync, batches ...[]*Done) written {
	t.Helper()
	path := filed(t)
	w := open(t, path, Options{Sync: how})
	f := written{ends: []int64{w.start}}
	for _, batch := range batches {
		for _, d := range batch {
			f.ends = append(f.ends, int64(add(t, w, d)))
			f.texts = append(f.texts, shownDone(d))
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.bytes, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return f
}

// cutAt is how many records are whole before the byte.
func (f *written) cutAt(n int64) int {
	whole := 0
	for whole < len(f.texts) && f.ends[whole+1] <= n {
		whole++
	}
	return whole
}

// resumed opens a file with these bytes, adds an item, and returns the records.
func resumed(t *testing.T, path string, b []byte) ([]string, error) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Open(path, loop, Options{Sync: SyncNever})
	if err != nil {
		return nil, err
	}
	add(t, w, item(-1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := held(t, path)
	last := len(all) - 1
	if all[last] != shownDone(item(-1)) {
		t.Fatal("what was added is not the last record")
	}
	return all[:last], nil
}

var small = [][]*Done{{item(1)}, {item(2), item(3)}, {item(4)}}

// Whatever a file ends with, the whole records before it survive, and others
// can be added.
func TestCutAtEveryByte(t *testing.T) {
	path := filed(t)
	for _, how := range []Sync{SyncNever, SyncAlways} {
		f := write(t, how, small...)
		tails := map[string][]byte{"nothing": nil, "zeros": make([]byte, 40), "ones": bytes.Repeat([]byte{0xff}, 40),
			"marks": bytes.Repeat(f.bytes[preambleSize-4:preambleSize], 20), "records from elsewhere": f.bytes[f.ends[0]:]}
		other := write(t, how, small...)
		tails["records of another file"] = other.bytes[other.ends[0]:]
		for n := f.ends[0]; n <= int64(len(f.bytes)); n++ {
			for name, tail := range tails {
				if n == f.ends[0] && name == "records from elsewhere" {
					continue // it is where they belong
				}
				b := append(slices.Clone(f.bytes[:n]), tail...)
				whole := n // the tail may begin, by chance, as the file goes on
				for whole < int64(min(len(b), len(f.bytes))) && b[whole] == f.bytes[whole] {
					whole++
				}
				want := f.texts[:f.cutAt(whole)]
				got, err := resumed(t, path, b)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("cut at %d, then %s: %d records, not %d; %v", n, name, len(got), len(want), err)
				}
			}
		}
	}
}

// Damage before good records is never taken for a torn tail.
func TestDamageAtEveryByte(t *testing.T) {
	path := filed(t)
	f := write(t, SyncNever, small...)
	last := f.ends[len(f.ends)-2]
	for n := range f.bytes {
		b := slices.Clone(f.bytes)
		b[n] ^= 0x41
		got, err := resumed(t, path, b)
		switch at := int64(n); {
		case at >= last:
			if err != nil || !slices.Equal(got, f.texts[:len(f.texts)-1]) {
				t.Fatalf("byte %d, in the last record: %d records, %v", n, len(got), err)
			}
		case at < preambleSize-4:
			if !errors.Is(err, ErrNotJournal) && !errors.Is(err, ErrVersion) {
				t.Fatalf("byte %d: %v", n, err)
			}
		case at < preambleSize: // no record has this mark, so nothing can be found
			if err == nil && len(got) > 0 {
				t.Fatalf("byte %d: records that don't belong to the file", n)
			}
		default:
			var d *DamagedError
			if !errors.As(err, &d) || d.Offset > at || d.Good <= at {
				t.Fatalf("byte %d: %v", n, err)
			}
			if now, _ := os.ReadFile(path); !bytes.Equal(now, b) {
				t.Fatalf("byte %d: the file was changed", n)
			}
		}
	}
}

// After a loss of power the disk may have the end of the last write and not its
// beginning. Under SyncAlways none of that write was reported.
func TestHolesInTheLastBatch(t *testing.T) {
	path := filed(t)
	for _, how := range []Sync{SyncAlways, SyncNever} {
		f := write(t, how, small...)
		for hole := range len(f.texts) - 1 {
			b := slices.Clone(f.bytes[:f.ends[3]]) // the first two batches
			clear(b[f.ends[hole]:min(f.ends[hole+1], int64(len(b)))])
			got, err := resumed(t, path, b)
			switch {
			case hole == 2, hole == 1 && how == SyncAlways:
				if err != nil || !slices.Equal(got, f.texts[:hole]) {
					t.Errorf("sync %d, hole %d: %d records, %v", how, hole, len(got), err)
				}
			default:
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("sync %d, hole %d: %d records, %v", how, hole, len(got), err)
				}
			}
		}
	}
}

// A result may hold anything, also this very journal: the pieces of it are no
// records.
func TestAResultThatHoldsAJournal(t *testing.T) {
	path := filed(t)
	w := open(t, path, Options{Sync: SyncNever})
	for i := range 3 {
		w.Wait(add(t, w, item(i)))
	}
	inner, _ := os.ReadFile(path)
	d := item(7)
	d.Result = inner
	w.Wait(add(t, w, d))
	w.Close()
	whole, _ := os.ReadFile(path)
	for n := len(inner); n < len(whole); n++ {
		if got, err := resumed(t, path, whole[:n]); err != nil || len(got) != 3 {
			t.Fatalf("cut at %d: %d records, %v", n, len(got), err)
		}
	}
}

// Large garbage is looked through in pieces; a mark may go over their edge.
func TestAGoodRecordFarBehind(t *testing.T) {
	path := filed(t)
	for _, gap := range []int{1<<20 - 2, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20} {
		big := item(2)
		big.Writes = nil
		big.Result = bytes.Repeat([]byte{1, 2, 3, 4}, gap/4+1)[:gap-38-frameHead] // other fields and the next mark
		f := write(t, SyncNever, []*Done{item(1), big, item(3)})
		b := slices.Clone(f.bytes)
		b[f.ends[1]+frameHead] ^= 1
		_, err := resumed(t, path, b)
		var d *DamagedError
		if !errors.As(err, &d) || d.Offset != f.ends[1] || d.Good != f.ends[2] {
			t.Errorf("gap %d: %v", gap, err)
		}
	}
}

func TestRepair(t *testing.T) {
	path := filed(t)
	f := write(t, SyncNever, small...)
	b := slices.Clone(f.bytes)
	b[f.ends[2]+20] ^= 1
	os.WriteFile(path, b, 0o640)
	if _, err := Compact(path); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if c, err := Repair(path); err != nil || c.Items != 2 {
		t.Fatal(c, err)
	}
	if got := held(t, path); !slices.Equal(got, f.texts[:2]) {
		t.Errorf("%q", got)
	}
	if kept, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(kept, b) {
		t.Error("the damaged file is not kept:", err)
	}
	os.WriteFile(path, b, 0o640)
	if _, err := Repair(path); !errors.Is(err, os.ErrExist) {
		t.Error("a damaged file that was kept is overwritten:", err)
	}
}

// Random records, cut at random, with random bytes behind them: what survives
// is a prefix, and holds all that was reported before the cut.
func TestCutAtRandom(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "j")
		defer os.Remove(path)
		how := rapid.SampledFrom([]Sync{SyncNever, SyncAlways}).Draw(t, "sync")
		w, err := Open(path, loop, Options{Sync: how})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		first := w.start
		var ends []int64
		var texts []string
		for range rapid.IntRange(0, 20).Draw(t, "records") {
			d := &Done{Commit: rapid.Uint64().Draw(t, "commit"), Attempts: rapid.Uint32().Draw(t, "attempts"),
				Result: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "result"),
				Writes: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "writes")}
			copy(d.Key[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))
			pos, err := w.AppendDone(d)
			if err != nil {
				t.Fatal(err)
			}
			ends, texts = append(ends, int64(pos)), append(texts, shownDone(d))
			if rapid.Bool().Draw(t, "wait") {
				if err := w.Wait(pos); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.Close()
		b, _ := os.ReadFile(path)
		n := rapid.Int64Range(first, int64(len(b))).Draw(t, "cut")
		b = append(b[:n], rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "tail")...)
		os.WriteFile(path, b, 0o600)
		var got []string
		w, err = Open(path, loop, Options{Sync: SyncNever, Replay: func(r *Record) error {
			got = append(got, shown(r))
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		whole := 0
		for whole < len(ends) && ends[whole] <= n {
			whole++
		}
		if len(got) < whole || !slices.Equal(got, texts[:len(got)]) {
			t.Fatalf("%d records, of which %d were whole", len(got), whole)
		}
	})
}
