package owner

import (
	"sync"
	"time"

	"parfor.dev/parfor/cluster/internal/wire"
)

const (
	// chunkTime is how much work a message should carry: one costs about 50
	// microseconds of processor time all told, so that this makes it a fiftieth.
	chunkTime = 3 * time.Millisecond
	// aheadTime is how much work should wait at the agents: more than the way of
	// a result and of the chunk that follows it.
	aheadTime  = 20 * time.Millisecond
	maxAhead   = 7    // times the slots
	maxWindow  = 4096 // chunks of one loop
	costWeight = 8    // of what was known, against one more task
)

// costs is what tasks take, by lane. It is safe for concurrent use.
type costs struct {
	mu sync.Mutex
	of map[string]float64 // nanoseconds
}

func (c *costs) note(lane string, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]float64{}
	}
	now := float64(max(took, 50))
	if before := c.of[lane]; before > 0 {
		now = before + (now-before)/costWeight
	}
	c.of[lane] = now
}

func (c *costs) get(lane string) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[lane]
}

// window is how many chunks may be on their way. One is, even without an agent:
// what scales agents by the queue has to see something in it.
func (l *loop) window() int {
	slots := max(1, l.owner.roster.at(l.lane))
	n := slots
	if cost := l.owner.costs.get(l.lane); cost > 0 {
		each := cost * float64(max(1, l.size))
		n += int(float64(slots) * min(maxAhead, float64(aheadTime)/each))
	}
	if w := l.spec.Workers; w > 0 {
		n = min(n, w)
	}
	return min(n, maxWindow)
}

// chunkSize is how many tasks the next chunk should have: some milliseconds of
// work, at most twice as many as the last one, and at most what leaves the other
// slots their part of the rest.
func (l *loop) chunkSize() int {
	if c := l.spec.Chunk; c > 0 {
		l.size = min(c, wire.MaxItems)
		return l.size
	}
	n := 1
	if cost := l.owner.costs.get(l.lane); cost > 0 {
		n = min(int(float64(chunkTime)/cost), 2*max(1, l.size), wire.MaxItems)
		if left := l.job.Pending(); left >= 0 {
			slots := 2 * max(1, l.owner.roster.at(l.lane))
			n = min(n, (left+slots-1)/slots)
		}
	}
	l.size = max(1, n)
	return l.size
}
