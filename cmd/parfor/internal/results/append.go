package results

import (
	"strings"
	"sync"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// buffers are where records become lines.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Append adds the record of an item that was planned, under the key of its
// decision, with the hash it was planned with. It returns when the record is
// written: from then on only a failing disk or power can take it. Any number of
// goroutines may append; they share writes.
//
// An error that is a *[WriteError] or [ErrClosed] is the end: all further calls
// return it. Any other is of a record that can't be written as it is.
func (r *Results) Append(rec record.Record, task string) error {
	rec.Task = r.ours(task)
	rec.Key = strings.ToValidUTF8(rec.Key, "\uFFFD")
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	b, err := rec.AppendJSON((*buf)[:0])
	if err != nil {
		return err
	}
	size := 0
	if r.journal.stream != nil { // its line first, then the journal's
		size = len(b) + 1
		b = append(append(b, '\n'), b...)
	}
	b = seal(b, size)
	err = r.journal.add(b[size:], b[:size])
	*buf = small(b)[:0]
	if err == nil && r.file == nil { // Finish has nothing to count
		r.mu.Lock()
		*r.streamed.of(rec.Status) += 1
		r.mu.Unlock()
	}
	return err
}
