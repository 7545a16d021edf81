package journalfile

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// faulty is a disk that fails.
type faulty struct {
	disk
	room   atomic.Int64 // bytes that writes may still take
	silent bool         // a short write has no error
	noSync atomic.Bool
	syncs  atomic.Int64
	writes atomic.Int64
	sizes  chan int // of writes, if there is somebody to take them
}

var errNoSync = errors.New("the disk is gone")

func (f *faulty) WriteAt(b []byte, at int64) (int, error) {
	f.writes.Add(1)
	if f.sizes != nil {
		f.sizes <- len(b)
	}
	left := f.room.Add(-int64(len(b)))
	if left >= 0 {
		return f.disk.WriteAt(b, at)
	}
	n, _ := f.disk.WriteAt(b[:max(0, int64(len(b))+left)], at)
	if f.silent {
		return n, nil
	}
	return n, syscall.ENOSPC
}

func (f *faulty) Sync() error {
	f.syncs.Add(1)
	if f.noSync.Load() {
		return errNoSync
	}
	return f.disk.Sync()
}

// on returns options with a faulty disk that has so much room after Open.
func on(f *faulty, how Sync) Options {
	f.room.Store(1 << 40)
	return Options{Sync: how, wrap: func(d disk) disk { f.disk = d; return f }}
}

// A disk that gets full at any byte: the error comes at once and stays, nothing
// is written behind the torn record, and what was reported is there.
func TestDiskFullAtEveryByte(t *testing.T) {
	const n = 4
	for _, silent := range []bool{false, true} {
		for room := int64(0); ; room++ {
			path := filed(t)
			f := &faulty{silent: silent}
			w := open(t, path, on(f, SyncNever))
			f.room.Store(room)
			var reported []string
			var failed error
			for i := range n {
				pos, err := w.AppendDone(item(i))
				if err == nil {
					err = w.Wait(pos)
				}
				switch {
				case err == nil && failed != nil:
					t.Fatalf("room %d: item %d was added after an error", room, i)
				case err == nil:
					reported = append(reported, shownDone(item(i)))
				default:
					failed = err
				}
			}
			writes := f.writes.Load()
			if err := w.Close(); failed != nil && err == nil || failed == nil && err != nil {
				t.Fatalf("room %d: Close: %v", room, err)
			}
			if f.writes.Load() != writes {
				t.Fatalf("room %d: a write after the error", room)
			}
			if got := held(t, path); len(got) < len(reported) || !slices.Equal(got[:len(reported)], reported) {
				t.Fatalf("room %d: %d records, %d were reported", room, len(got), len(reported))
			}
			if failed == nil {
				if len(reported) != n {
					t.Fatal("too few")
				}
				break
			}
			if !silent && !errors.Is(failed, syscall.ENOSPC) {
				t.Fatal(failed)
			}
			w = open(t, path, Options{Sync: SyncNever})
			add(t, w, item(9))
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestABeginningWithoutRoom(t *testing.T) {
	path := filed(t)
	f := &faulty{}
	o := on(f, SyncNever)
	f.room.Store(50)
	if _, err := Open(path, loop, o); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if w := open(t, path, Options{}); !w.Found().Fresh {
		t.Error("not begun again")
	}
}

func TestAFailedSyncBreaksTheJournal(t *testing.T) {
	f := &faulty{}
	w := open(t, filed(t), on(f, SyncAlways))
	f.noSync.Store(true)
	if err := w.Wait(add(t, w, item(1))); !errors.Is(err, errNoSync) {
		t.Error(err)
	}
	f.noSync.Store(false) // the kernel reports an error once, and forgets the pages
	if _, err := w.AppendDone(item(2)); !errors.Is(err, errNoSync) {
		t.Error(err)
	}
	if err := w.Close(); !errors.Is(err, errNoSync) {
		t.Error(err)
	}
}

func TestAFailedSyncInTheBackgroundBreaksTheJournal(t *testing.T) {
	f := &faulty{}
	w := open(t, filed(t), on(f, SyncInterval(1)))
	f.noSync.Store(true)
	for i := 0; ; i++ {
		pos, err := w.AppendDone(item(i))
		if err == nil {
			err = w.Wait(pos)
		}
		if err != nil {
			if !errors.Is(err, errNoSync) {
				t.Error(err)
			}
			break
		}
	}
	if err := w.Close(); !errors.Is(err, errNoSync) {
		t.Error(err)
	}
}

// What comes while a batch is being written goes out in one write after it.
func TestManyShareOneWrite(t *testing.T) {
	const n = 20
	f := &faulty{}
	o := on(f, SyncAlways)
	w := open(t, filed(t), o)
	before := f.syncs.Load()
	f.sizes = make(chan int)
	var wg sync.WaitGroup
	wait := func(pos Pos) {
		wg.Go(func() {
			if err := w.Wait(pos); err != nil {
				t.Error(err)
			}
		})
	}
	start := w.start
	size := int64(add(t, w, item(1))) - start
	wait(Pos(start + size))
	for { // until the first batch is under way
		w.mu.Lock()
		busy := w.busy
		w.mu.Unlock()
		if busy {
			break
		}
	}
	for range n {
		wait(add(t, w, item(1)))
	}
	for i, want := range []int64{size, n * size} {
		if got := <-f.sizes; int64(got) != want {
			t.Errorf("write %d has %d bytes, not %d", i, got, want)
		}
	}
	wg.Wait()
	if got := f.syncs.Load() - before; got != 2 {
		t.Errorf("%d syncs", got)
	}
	f.sizes = nil
}
