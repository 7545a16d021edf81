package mockapi

import (
	"sync"
	"sync/atomic"
)

const (
	logShards = 64
	// perShard bounds the log to about a million numbers, 40 MB at worst; what
	// comes after is counted together as untracked.
	perShard = 1 << 20 / logShards
)

// Stats is what the API has seen since it started or was reset.
type Stats struct {
	Requests     int64 `json:"requests"`       // POSTs, the refused ones included
	Distinct     int64 `json:"distinct"`       // different numbers taken in
	NotFound     int64 `json:"not_found"`      // answered 404
	Failed       int64 `json:"failed"`         // answered 503
	Dropped      int64 `json:"dropped"`        // connection closed
	RateLimited  int64 `json:"rate_limited"`   // refused with 429; not in Numbers
	Unnumbered   int64 `json:"unnumbered"`     // bodies without a number, echoed with 200
	Untracked    int64 `json:"untracked"`      // numbers beyond the bound of the log
	PeakInFlight int64 `json:"peak_in_flight"` // most requests at once

	// Numbers counts the requests for each number; only with ?numbers.
	Numbers map[int64]uint32 `json:"numbers,omitempty"`
}

// journal counts requests per number. It is safe for concurrent use.
type journal struct {
	shards    [logShards]shard
	untracked atomic.Int64
}

type shard struct {
	sync.Mutex
	counts map[int64]uint32
	_      [40]byte // a cache line of its own
}

// add notes a request and returns how many there were for the number with it,
// 1 for a number that is not tracked.
func (j *journal) add(number int64) uint32 {
	s := &j.shards[uint64(number)%logShards]
	s.Lock()
	defer s.Unlock()
	n, known := s.counts[number]
	if !known && len(s.counts) >= perShard {
		j.untracked.Add(1)
		return 1
	}
	if s.counts == nil {
		s.counts = make(map[int64]uint32)
	}
	s.counts[number] = n + 1
	return n + 1
}

func (j *journal) distinct() (n int64) {
	for i := range j.shards {
		s := &j.shards[i]
		s.Lock()
		n += int64(len(s.counts))
		s.Unlock()
	}
	return n
}

func (j *journal) counts() map[int64]uint32 {
	all := make(map[int64]uint32, j.distinct())
	for i := range j.shards {
		s := &j.shards[i]
		s.Lock()
		for k, n := range s.counts {
			all[k] = n
		}
		s.Unlock()
	}
	return all
}

func (j *journal) reset() {
	for i := range j.shards {
		s := &j.shards[i]
		s.Lock()
		clear(s.counts)
		s.Unlock()
	}
	j.untracked.Store(0)
}
