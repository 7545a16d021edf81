package results

import (
	"io"
	"os"
	"sync"
	"time"
)

// disk is what a journal needs of a file.
type disk interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
}

// journal is the file that grows. Appenders add to a batch and wait for it; one
// goroutine writes batch after batch, each in one write, and another syncs.
type journal struct {
	path   string    // "": there is no file that outlasts the process
	disk   disk      // nil: nothing is kept
	stream io.Writer // gets each record too, without its checksum; or nil
	sync   time.Duration

	mu      sync.Mutex
	more    *sync.Cond // a batch has something in it, or closing
	lines   []byte
	copies  []byte // for the stream
	next    *batch
	closing bool
	err     error
	size    int64 // of what is written whole
	safe    int   // records of this run that are written

	dirty   chan struct{} // something is written that isn't synced
	stop    chan struct{}
	workers sync.WaitGroup
}

type batch struct {
	records int
	done    chan struct{}
	err     error // before done is closed
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// start begins to write behind size. Call close.
func (j *journal) start(size int64) {
	j.more = sync.NewCond(&j.mu)
	j.next, j.size = newBatch(), size
	j.dirty, j.stop = make(chan struct{}, 1), make(chan struct{})
	j.workers.Go(j.write)
	if j.sync > SyncEach && j.disk != nil {
		j.workers.Go(j.syncer)
	}
}

// add adds a line, and its copy for the stream, and returns when they are
// written. After an error every add has it.
func (j *journal) add(line, stream []byte) error {
	j.mu.Lock()
	if j.err != nil || j.closing {
		err := j.err
		j.mu.Unlock()
		if err == nil {
			err = ErrClosed
		}
		return err
	}
	if j.disk != nil {
		j.lines = append(j.lines, line...)
	}
	j.copies = append(j.copies, stream...)
	b := j.next
	b.records++
	if b.records == 1 {
		j.more.Signal()
	}
	j.mu.Unlock()
	<-b.done
	return b.err
}

// write writes batches until the journal closes and none is left.
func (j *journal) write() {
	var lines, copies []byte
	for {
		j.mu.Lock()
		for j.next.records == 0 && !j.closing {
			j.more.Wait()
		}
		b := j.next
		if b.records == 0 {
			j.mu.Unlock()
			return
		}
		j.next = newBatch()
		lines, j.lines = j.lines, lines[:0]
		copies, j.copies = j.copies, copies[:0]
		b.err = j.err
		j.mu.Unlock()
		if b.err == nil {
			b.err = j.put(lines, copies, b.records)
		}
		close(b.done)
		lines, copies = small(lines), small(copies)
	}
}

// small keeps a buffer for the next batch, unless it was an uncommon one.
func small(b []byte) []byte {
	if cap(b) > 4<<20 {
		return nil
	}
	return b
}

func (j *journal) put(lines, copies []byte, records int) error {
	if j.disk != nil {
		if err := j.putLines(lines); err != nil {
			return j.fail(j.path, err)
		}
	}
	j.mu.Lock()
	j.safe += records
	j.mu.Unlock()
	if j.stream != nil {
		if _, err := j.stream.Write(copies); err != nil {
			return j.fail("standard output", err)
		}
	}
	return nil
}

// putLines writes lines. What of them was written before an error is taken
// away, so that the file ends with a whole line; if that fails as well, the
// next Open cuts it.
func (j *journal) putLines(lines []byte) error {
	n, err := j.disk.Write(lines)
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	if err == nil && j.sync == SyncEach {
		err = j.disk.Sync()
	}
	if err != nil {
		_ = j.disk.Truncate(j.size)
		return err
	}
	j.size += int64(len(lines))
	select {
	case j.dirty <- struct{}{}:
	default:
	}
	return nil
}

// fail keeps the first error, for all that follow.
func (j *journal) fail(path string, err error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		if path == "" {
			path = "temporary file in " + os.TempDir()
		}
		j.err = &WriteError{Path: path, Safe: j.safe, Where: j.path, Err: cause(err)}
	}
	return j.err
}

// syncer syncs some time after each write that follows a sync.
func (j *journal) syncer() {
	for {
		select {
		case <-j.stop:
			return
		case <-j.dirty:
		}
		select {
		case <-j.stop:
			return
		case <-time.After(j.sync):
		}
		// An error is reported once, and the pages are forgotten: what was
		// written since the last sync may be lost, and no later sync would say so.
		if err := j.disk.Sync(); err != nil {
			_ = j.fail(j.path, err)
		}
	}
}

// close writes what is waiting and syncs. It returns the first error there was.
func (j *journal) close() error {
	j.mu.Lock()
	if j.closing {
		j.mu.Unlock()
		return ErrClosed
	}
	j.closing = true
	j.more.Signal()
	j.mu.Unlock()
	close(j.stop)
	j.workers.Wait()
	if j.err == nil && j.disk != nil && j.sync != SyncNever {
		if err := j.disk.Sync(); err != nil {
			_ = j.fail(j.path, err)
		}
	}
	return j.err
}
