package owner

import (
	"log/slog"

	"parfor.dev/parfor/cluster/internal/wire"
	"parfor.dev/parfor/internal/writeset"
)

const (
	// maxChange is how much of the log one item's changes may take. Larger ones
	// are not in it: one may have changed a value of many megabytes by a little.
	maxChange = 64 << 10
	// batchChanges is after how much of it a batch ends.
	batchChanges = 256 << 10
)

// changes is what a loop's commits made of dictionaries, for the commit log.
type changes struct {
	batch []wire.Change // of the results that are about to be written
	size  int
	sum   writeset.Sum // of all that are written: what a snapshot has
	lost  bool         // the log has not all of it, or it is too much for a snapshot
}

// add takes those of one commit.
func (c *changes) add(index int, commit uint64, b []byte) {
	if commit == 0 {
		return
	}
	if len(b) > maxChange {
		b = nil
		c.lose()
	}
	c.batch = append(c.batch, wire.Change{Index: index, Commit: commit, Bytes: b})
	c.size += len(b)
	if c.lost {
		return
	}
	if err := c.sum.Add(b); err != nil {
		slog.Warn("parfor: a loop's log has not all that the loop does to dictionaries", "error", err)
		c.lose()
	}
}

func (c *changes) lose() { c.lost, c.sum = true, writeset.Sum{} }

// take returns those of the batch, and begins the next.
func (c *changes) take() []wire.Change {
	b := c.batch
	c.batch, c.size = nil, 0
	return b
}

// state is what all of them come to. False says that it can't be told in so few
// bytes.
func (c *changes) state(limit int) ([]byte, bool) {
	if c.lost {
		return nil, false
	}
	b, err := c.sum.Append(nil)
	if err != nil || len(b) > limit {
		c.lose()
		return nil, false
	}
	return b, true
}
