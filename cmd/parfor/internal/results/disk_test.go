package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// faulty is a disk that fails.
type faulty struct {
	disk
	room       int // bytes that writes may still take
	noTruncate bool
	noSync     atomic.Bool
	synced     chan struct{}
}

func (f *faulty) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.disk.Write(b)
	}
	n, _ := f.disk.Write(b[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *faulty) Truncate(size int64) error {
	if f.noTruncate {
		return syscall.EIO
	}
	return f.disk.Truncate(size)
}

func (f *faulty) Sync() error {
	if f.synced != nil {
		f.synced <- struct{}{}
	}
	if f.noSync.Load() {
		return syscall.EIO
	}
	return f.disk.Sync()
}

func on(f *faulty) Options {
	o := base
	o.wrap = func(d disk) disk { f.disk = d; return f }
	return o
}

// A disk that gets full at any byte: who appended gets the error and how much is
// safe, the journal ends with a whole line, and the run resumes.
func TestDiskFullAtEveryByte(t *testing.T) {
	const n = 4
	for _, noTruncate := range []bool{false, true} {
		full := true
		for room := 0; full; room++ {
			path := in(t, "r.json")
			f := &faulty{room: room, noTruncate: noTruncate}
			r := open(t, on(f), path)
			safe := 0
			var failed *WriteError
			for i := 1; i <= n; i++ {
				if _, err := r.Plan(i, rec(i).Key, task(i)); err != nil {
					t.Fatal(err)
				}
				err := r.Append(rec(i), task(i))
				switch {
				case err == nil && failed != nil:
					t.Fatalf("room %d: item %d was appended after an error", room, i)
				case err == nil:
					safe++
				case !errors.As(err, &failed) || !errors.Is(err, syscall.ENOSPC) || failed.Safe != safe:
					t.Fatalf("room %d: %d are safe: %v", room, safe, err)
				}
			}
			if full = failed != nil; !full {
				finish(t, r)
				break
			}
			if s, err := r.Finish(); !errors.Is(err, syscall.ENOSPC) || s.Safe != safe || s.Kept != journalOf(path) || there(path) {
				t.Fatalf("room %d: %+v %v", room, s, err)
			}
			b, err := os.ReadFile(journalOf(path))
			if err != nil || !noTruncate && b[len(b)-1] != '\n' {
				t.Fatalf("room %d: half a line is left, %v", room, err)
			}
			o := base
			o.Resume = true
			r = open(t, o, path)
			if got := r.Before().All(); got != safe {
				t.Fatalf("room %d: %d of %d", room, got, safe)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// All who share a write get its error.
func TestDiskFullForAllOfABatch(t *testing.T) {
	f := &faulty{room: 10_000}
	r := open(t, on(f), in(t, "r.json"))
	var safe, failed atomic.Int64
	var all sync.WaitGroup
	if err := r.Append(rec(641), "t"); err != nil { // the others may all be in one batch, too large
		t.Fatal(err)
	}
	safe.Add(1)
	for i := range 64 {
		all.Go(func() {
			for k := range 10 {
				w := rec(i*10 + k + 1)
				if err := r.Append(w, "t"); err == nil {
					safe.Add(1)
				} else if errors.Is(err, syscall.ENOSPC) {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	s, err := r.Finish()
	if !errors.Is(err, syscall.ENOSPC) || int64(s.Safe) != safe.Load() || safe.Load()+failed.Load() != 641 || safe.Load() == 0 {
		t.Errorf("%d safe, %d failed: %+v %v", safe.Load(), failed.Load(), s, err)
	}
	if !strings.Contains(err.Error(), "run again with --resume") {
		t.Error(err)
	}
}

// The system reports a failed sync once and forgets what it could not write:
// the run must not go on as if nothing were.
func TestAFailedSyncEndsTheRun(t *testing.T) {
	f := &faulty{room: 1 << 30, synced: make(chan struct{})}
	o := on(f)
	o.Sync = time.Nanosecond * 2
	r := open(t, o, in(t, "r.json"))
	f.noSync.Store(true)
	do(t, r, 1)
	<-f.synced
	for i := 2; ; i++ {
		if err := r.Append(rec(i), task(i)); err != nil {
			if !errors.Is(err, syscall.EIO) {
				t.Error(err)
			}
			break
		}
		select {
		case <-f.synced:
		default:
		}
	}
	go func() {
		for range f.synced {
		}
	}()
	if _, err := r.Finish(); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	close(f.synced)
}

func TestSyncEach(t *testing.T) {
	f := &faulty{room: 1 << 30}
	o := on(f)
	o.Sync = SyncEach
	r := open(t, o, in(t, "r.json"))
	f.synced = make(chan struct{}, 10)
	do(t, r, 1)
	do(t, r, 2)
	if len(f.synced) != 2 {
		t.Errorf("%d syncs", len(f.synced))
	}
	f.noSync.Store(true)
	if err := r.Append(rec(3), ""); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, syscall.EIO) {
		t.Error(err)
	}
}

// A result file that can't be written: the journal stays, and the next run
// writes it.
func TestAFileThatCantBeWritten(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	a, b := filepath.Join(dir, "a.json"), filepath.Join(sub, "b.csv")
	r := open(t, base, a, b)
	do(t, r, 1)
	if err := os.Remove(sub); err != nil {
		t.Fatal(err)
	}
	s, err := r.Finish()
	var w *WriteError
	if !errors.As(err, &w) || w.Path != b || w.Where != journalOf(a) || s.Kept != journalOf(a) || !there(a) {
		t.Fatalf("%+v %v", s, err)
	}
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	o := base
	o.Resume = true
	finish(t, open(t, o, a, b))
	if len(read(t, b)) != 1 || there(journalOf(a)) {
		t.Error("not mended")
	}
}

type brokenPipe struct{ writes int }

func (b *brokenPipe) Write(p []byte) (int, error) {
	if b.writes--; b.writes < 0 {
		return 0, syscall.EPIPE
	}
	return len(p), nil
}

func TestAClosedPipe(t *testing.T) {
	path := in(t, "r.json")
	file, err := To(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open([]Output{{Format: JSONL, W: &brokenPipe{1}}, file}, base)
	if err != nil {
		t.Fatal(err)
	}
	do(t, r, 1)
	if err := r.Append(rec(2), task(2)); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
	if got := len(read(t, path)); got != 2 {
		t.Errorf("%d in the journal", got)
	}
	r, err = Open([]Output{{Format: JSON, W: &brokenPipe{}}}, base)
	if err != nil {
		t.Fatal(err)
	}
	do(t, r, 1)
	if _, err := r.Finish(); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
}

// What a run left that was killed while it wrote its file goes with the next.
func TestLeftoversGo(t *testing.T) {
	path := in(t, "r.json")
	left := filepath.Join(filepath.Dir(path), ".r.json.ABCDEFGH.tmp")
	for _, name := range []string{left, left + "x"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, open(t, base, path))
	if there(left) || !there(left+"x") {
		t.Error("left, or gone too")
	}
}
