// Package clusterwatch is where those who monitor a program learn what its agents
// and its loops on a cluster do, without knowing package cluster.
//
// Counters are per namespace, of all agents or all loops of this program
// together. They stay when an agent has ended: counters only grow.
package clusterwatch

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Agent counts what agents of this program do in a namespace.
type Agent struct {
	Namespace string

	Slots   atomic.Int64 // of agents that are there now
	Held    atomic.Int64 // chunks in their hands now
	Running atomic.Int64 // items that their executors have now

	Pulled      atomic.Int64 // chunks that came
	Redelivered atomic.Int64 // of those, chunks that somebody had before
	OK          atomic.Int64 // items that came to a result,
	Failed      atomic.Int64 // to an error,
	Returned    atomic.Int64 // or were given back, not begun or without a verdict
	Poisoned    atomic.Int64 // items that agents died of
	Refused     atomic.Int64 // messages with results that others had sent before
	Large       atomic.Int64 // bytes stored and read beside messages
}

// Owner counts what loops of this program do in a namespace.
type Owner struct {
	Namespace string

	Loops    atomic.Int64 // that are on the cluster now
	InFlight atomic.Int64 // their items that were sent and are not over

	Chunks  atomic.Int64 // that were sent
	Again   atomic.Int64 // items that were sent once more, as they came back without a verdict
	Large   atomic.Int64 // bytes stored and read beside messages
	Commits Histogram    // from the sending of a commit to its confirmation
}

// Bounds of the histogram of commits, in seconds.
var Bounds = [...]float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Histogram counts durations; the last bucket has what is above all bounds. It is
// safe for concurrent use.
type Histogram struct {
	counts [len(Bounds) + 1]atomic.Int64
	sum    atomic.Int64 // nanoseconds
}

// Note counts a duration.
func (h *Histogram) Note(d time.Duration) {
	i, _ := slices.BinarySearch(Bounds[:], d.Seconds())
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// Read returns how many durations are in each bucket, and their sum.
func (h *Histogram) Read() (counts []int64, sum time.Duration) {
	counts = make([]int64, len(h.counts))
	for i := range h.counts {
		counts[i] = h.counts[i].Load()
	}
	return counts, time.Duration(h.sum.Load())
}

var (
	mu     sync.Mutex
	agents []*Agent
	owners []*Owner
)

// AgentIn returns the counters of agents in a namespace.
func AgentIn(namespace string) *Agent {
	return in(&agents, namespace, func(a *Agent) string { return a.Namespace }, &Agent{Namespace: namespace})
}

// OwnerIn returns the counters of loops in a namespace.
func OwnerIn(namespace string) *Owner {
	return in(&owners, namespace, func(o *Owner) string { return o.Namespace }, &Owner{Namespace: namespace})
}

func in[T any](all *[]*T, namespace string, of func(*T) string, fresh *T) *T {
	mu.Lock()
	defer mu.Unlock()
	i, found := slices.BinarySearchFunc(*all, namespace, func(t *T, name string) int { return cmp.Compare(of(t), name) })
	if !found {
		*all = slices.Insert(slices.Clone(*all), i, fresh) // readers have the slice before
	}
	return (*all)[i]
}

// Agents are the counters of agents, by namespace. They go on counting.
func Agents() []*Agent {
	mu.Lock()
	defer mu.Unlock()
	return agents
}

// Owners are the counters of loops, by namespace. They go on counting.
func Owners() []*Owner {
	mu.Lock()
	defer mu.Unlock()
	return owners
}
