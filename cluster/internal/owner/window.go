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
	// tailTime is how much work a chunk should have near the end at least: less is
	// not worth a message, even if a slot is idle meanwhile.
	tailTime = 300 * time.Microsecond
	// aheadTime is how much work should wait at the agents: more than the way of
	// a result and of the chunk that follows it.
	aheadTime = 20 * time.Millisecond
	maxAhead  = 7    // times the slots
	maxWindow = 4096 // chunks of one loop
	// messageRate is how many chunks a second a loop should need for all slots: many
	// slots with short tasks would keep the servers busy, and wait for them.
	messageRate = 2000
	costWeight  = 8 // of what was known, against one more task; of many tasks
	manyWeight  = 2
	// costJump is how many times as much as before a task may seem to take. On a busy
	// machine one in a hundred is stopped for longer than the others run.
	costJump = 4
)

// costs is what tasks take, by lane. It is safe for concurrent use.
type costs struct {
	mu sync.Mutex
	of map[string]float64 // nanoseconds
}

// note hears what n tasks took together.
func (c *costs) note(lane string, took time.Duration, n int) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]float64{}
	}
	now := max(float64(took)/float64(n), 50)
	if before := c.of[lane]; before > 0 {
		now = before + (min(now, costJump*before)-before)/max(manyWeight, costWeight/float64(n))
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
// work, or more where there are so many slots that the servers could not keep up;
// at most twice as many as the last one, and at most what leaves the other slots
// their part of the rest.
func (l *loop) chunkSize() int {
	if c := l.spec.Chunk; c > 0 {
		l.size = min(c, wire.MaxItems)
		return l.size
	}
	n := 1
	if cost := l.owner.costs.get(l.lane); cost > 0 {
		slots := max(1, l.owner.roster.at(l.lane))
		n = int(float64(chunkTime) / cost)
		if l.spec.Workers == 0 { // else a chunk's items run one at a time
			n = max(n, int(float64(slots)*float64(time.Second)/cost/messageRate))
		}
		n = min(n, 2*max(1, l.size), wire.MaxItems)
		left := l.job.Pending()
		if l.kept != nil && left >= 0 {
			left += len(l.kept.ready)
		}
		if left >= 0 {
			n = min(n, max((left+2*slots-1)/(2*slots), int(float64(tailTime)/cost)))
		}
	}
	l.size = max(1, n)
	return l.size
}
