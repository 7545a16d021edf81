package parfor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// What a task in a worker process adds travels behind its result, in the same
// bytes (see [task.Attempt.AppendAdded]), and not as a part of the write set
// beside dictionaries. That set is package dict's: programs without it have
// none. It is refused where a loop on worker processes runs inside a task, as
// its writes would be that task's; additions are the group's own and are
// welcome there. And commits of dictionaries have one order, in which a group
// has no need of a place.

// itemsOf tells workers the type of a group's items.
type itemsOf[In any] struct{}

func (itemsOf[In]) encode() ([]byte, error) { return []byte(typeName[In]()), nil }

// job is the stream's job as executors are to see it.
func (f *frontier[In, Out]) job(j *streamJob[In, Out]) engine.Job {
	if f == nil {
		return j
	}
	return &groupJob[In, Out]{j, f}
}

// groupJob is a stream whose results bring new items along.
type groupJob[In, Out any] struct {
	*streamJob[In, Out]
	frontier *frontier[In, Out]
}

// Total is not known: any task may add some.
func (j *groupJob[In, Out]) Total() int { return -1 }

// Grows says that.
func (j *groupJob[In, Out]) Grows() {}

// Settle decides an attempt: first everything it sent must be readable, then
// the result is stored and its dictionary writes are committed, and only then
// its items may run.
func (j *groupJob[In, Out]) Settle(t engine.Task, o *engine.Outcome) {
	var items []In
	if o.Err == nil {
		out, added, err := task.SplitAdded(o.Out)
		if err == nil {
			items, err = decodeItems(added, j.in)
		}
		o.Out, o.Err = out, err
	}
	j.streamJob.Settle(t, o)
	if o.Err == nil && len(items) > 0 {
		j.frontier.publish(items)
	}
}

var errItemSize = errors.New("an item takes 4 GiB or more")

// appendSized appends an item's encoding with its length before it.
func appendSized[In any](dst []byte, c *codec.Codec[In], in In) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst, err := c.Put(dst, in)
	n := len(dst) - start - 4
	if err == nil && n > math.MaxUint32 {
		err = errItemSize
	}
	if err != nil {
		return dst[:start], err
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(n))
	return dst, nil
}

// decodeItems reads what appendSized appended.
func decodeItems[In any](b []byte, c *codec.Codec[In]) (items []In, err error) {
	for len(b) > 0 {
		n := uint64(math.MaxUint64)
		if len(b) >= 4 {
			n = uint64(binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
		if n > uint64(len(b)) {
			return nil, errors.New("parfor: added items end early")
		}
		in, err := c.Get(b[:n])
		if err != nil {
			return nil, fmt.Errorf("parfor: added item: %w", err)
		}
		items, b = append(items, in), b[n:]
	}
	return items, nil
}
