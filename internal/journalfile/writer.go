package journalfile

import (
	"fmt"
	"io"
	"slices"
	"sync"
)

// Pos is a place in the file: that after a record.
type Pos int64

// Writer adds records to a file that it holds the lock of. All methods are safe
// for concurrent use.
//
// Append puts a record behind the others in memory and returns; Wait returns
// when it is written. There is no goroutine for that: the first who waits
// writes all that is there, in one write(2), and the next batch collects
// meanwhile. So one who is alone pays a system call and no change of
// goroutines, and many who wait at once share one write, and under SyncAlways
// one fsync. Nothing is written as long as nobody waits and little is pending.
//
// After an error of the disk the journal is broken: what was reported is safe,
// and every later call returns the error. It never writes behind a record that
// may be torn.
type Writer struct {
	path  string
	found Found
	index map[Key]place
	pre   preamble
	disk  disk
	how   Sync
	sync  *syncer // under SyncInterval

	mu     sync.Mutex
	buf    []byte       // records that nobody has begun to write
	spare  []byte       // memory for the next ones
	start  int64        // where buf begins in the file
	safe   int64        // all before it may be reported
	order  order        // of the records appended so far
	busy   bool         // somebody writes what lies between safe and start
	turn   uint         // number of that batch; buf is the next one
	done   [2]sync.Cond // who waits for batches with even and odd numbers
	err    error        // the journal is broken, or closed
	closed bool
}

// disk is what a Writer needs of a file; tests put in one that fails.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// AppendDone adds an item. It copies d, and blocks only when 1 MiB waits to be
// written. Its error is that of the journal, or ErrTooLarge, which breaks
// nothing.
func (w *Writer) AppendDone(d *Done) (Pos, error) { return w.AppendCommit(d, nil) }

// AppendCommit is AppendDone for an item whose commit gets its number now: the
// numbers that number returns, and that d gets, are in the order of the
// records. It is called once, unless there is an error.
func (w *Writer) AppendCommit(d *Done, number func() uint64) (Pos, error) {
	if n := d.size(); n > MaxRecord {
		return 0, fmt.Errorf("%w: an item with a result of %d bytes and writes of %d bytes, together at most %d: keep large results in files of their own",
			ErrTooLarge, len(d.Result), len(d.Writes), MaxRecord)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.admit(&Record{Kind: KindDone}); err != nil {
		return 0, err
	}
	if number != nil {
		d.Commit = number()
	}
	at := len(w.buf)
	w.buf = d.append(w.pre.begin(w.buf, KindDone))
	return w.seal(at), nil
}

// AppendBase adds a piece of the state before the first item, as AppendDone
// does. All pieces come before any item.
func (w *Writer) AppendBase(b *Base) (Pos, error) {
	if len(b.Data) >= MaxRecord {
		return 0, fmt.Errorf("%w: a piece of %d bytes: at most %d", ErrTooLarge, len(b.Data), MaxRecord-1)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.admit(&Record{Kind: KindBase, Base: Base{Last: b.Last}}); err != nil {
		return 0, err
	}
	at := len(w.buf)
	w.buf = b.append(w.pre.begin(w.buf, KindBase))
	return w.seal(at), nil
}

// AppendEnd notes that the loop went through all its items, as AppendDone does.
// A later run may add more.
func (w *Writer) AppendEnd() (Pos, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.admit(&Record{Kind: KindEnd}); err != nil {
		return 0, err
	}
	at := len(w.buf)
	w.buf = w.pre.begin(w.buf, KindEnd)
	return w.seal(at), nil
}

// admit waits until there is room, and says whether the record may come now.
func (w *Writer) admit(r *Record) error {
	for len(w.buf) >= maxPending && w.err == nil {
		w.await(w.start + 1)
	}
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return ErrClosed
	}
	if err := w.order.next(r); err != nil {
		return fmt.Errorf("parfor: the journal %s: %w", w.path, err)
	}
	return nil
}

// seal completes the record that begins at the place in the buffer.
func (w *Writer) seal(at int) Pos {
	batch := uint32(0)
	if w.how == SyncAlways {
		batch = uint32(at) // nothing of a batch is reported before all of it
	}
	w.pre.seal(w.buf[at:], w.start+int64(at), batch)
	return Pos(w.start + int64(len(w.buf)))
}

// Wait blocks until all records up to pos are written: they survive the end of
// this process, however it ends, and under SyncAlways that of the machine. It
// costs nothing if they are, and else no more than two writes.
func (w *Writer) Wait(pos Pos) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.await(int64(pos))
}

// Flush is Wait for all records so far.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.await(w.start + int64(len(w.buf)))
}

// await is Wait under the lock, which it lets go of meanwhile.
func (w *Writer) await(pos int64) error {
	for w.safe < pos {
		switch {
		case w.err != nil:
			return w.err
		case !w.busy:
			w.write()
		case pos <= w.start:
			w.done[w.turn%2].Wait()
		default:
			w.done[(w.turn+1)%2].Wait()
		}
	}
	return nil
}

// write writes the buffer, without the lock, which the caller holds.
//
// A yield before it would make batches larger: with 64 who wait for each of
// their records 0.5 µs a record instead of 0.9. It is left out, as among bodies
// that compute it makes all of them wait for this goroutine's next turn.
func (w *Writer) write() {
	batch, at := w.buf, w.start
	w.buf, w.spare = w.spare[:0], nil
	w.start += int64(len(batch))
	w.turn++
	w.busy = true
	w.mu.Unlock()

	err := w.put(batch, at)

	w.mu.Lock()
	w.busy = false
	if err != nil {
		w.fail(err)
		return
	}
	w.safe = at + int64(len(batch))
	if cap(batch) <= maxSpare {
		w.spare = batch
	}
	// Everybody whose records were in the batch may go on, and one of those
	// whose records were not writes the next.
	w.done[w.turn%2].Broadcast()
	w.done[(w.turn+1)%2].Signal()
}

func (w *Writer) put(batch []byte, at int64) error {
	if n, err := w.disk.WriteAt(batch, at); err != nil {
		return err
	} else if n < len(batch) {
		return io.ErrShortWrite
	}
	switch {
	case w.how == SyncAlways:
		return w.disk.Sync()
	case w.sync != nil:
		w.sync.wrote()
	}
	return nil
}

// fail breaks the journal. The lock is held.
func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = fmt.Errorf("parfor: the journal %s is broken, what was reported before is safe: %w", w.path, err)
	}
	w.buf = nil
	w.done[0].Broadcast()
	w.done[1].Broadcast()
}

// Close writes what is pending, syncs it unless under SyncNever, and lets go of
// the file. It returns the error that broke the journal, if one did. Later
// calls of Append return ErrClosed. A second Close does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	err := w.await(w.start + int64(len(w.buf)))
	for w.busy { // after an error of the syncer
		w.done[w.turn%2].Wait()
	}
	w.err = firstError(w.err, ErrClosed)
	w.mu.Unlock()
	if w.sync != nil {
		err = firstError(err, w.sync.stop())
	}
	if w.how != SyncNever && err == nil {
		err = w.disk.Sync()
	}
	err = firstError(err, w.disk.Close())
	w.mu.Lock()
	return err
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Found is what there was when the file was opened.
func (w *Writer) Found() Found { return w.found }

// Lookup reads the last result of a key that was in the file when it was
// opened, and says whether there is one. It costs a read of the file.
func (w *Writer) Lookup(k Key) (d Done, ok bool, err error) {
	p, ok := w.index[k]
	if !ok {
		return Done{}, false, nil
	}
	frame := make([]byte, p.size)
	if _, err := w.disk.ReadAt(frame, p.at); err != nil {
		return Done{}, false, fmt.Errorf("parfor: the journal %s: %w", w.path, err)
	}
	var r Record
	h, whole := w.pre.parse(frame, p.size)
	if !whole || w.pre.sum(frame, p.at) != h.sum || r.decode(h.kind, frame[frameHead:]) != nil {
		return Done{}, false, &DamagedError{Path: w.path, Offset: p.at, Err: errBad}
	}
	return r.Done, true, nil
}

// Holds says whether the file had a result of the key when it was opened. It
// costs a look into a map.
func (w *Writer) Holds(k Key) bool {
	_, ok := w.index[k]
	return ok
}

// Keys are the keys that the file had, in no order.
func (w *Writer) Keys() []Key {
	keys := make([]Key, 0, len(w.index))
	for k := range w.index {
		keys = append(keys, k)
	}
	return slices.Clip(keys)
}
