package observe

import (
	"iter"
	"math"
	"math/bits"
	"time"
)

// The bucket layout is log-linear, as in Gil Tene's HdrHistogram and the
// runtime's own time histograms: every power of two is cut into 16 buckets of
// equal width, so a bucket is at most 1/16 as wide as its lower bound, and the
// middle of a bucket is within 1/32 of every value in it. Durations below 16
// ns have a bucket each.
const (
	subBits = 4
	subs    = 1 << subBits

	// Buckets is how many buckets a [Hist] has: one for each nanosecond below
	// 16, then 16 for each of the powers of two up to 2⁶², 7.5 KiB in all.
	Buckets = subs + (63-subBits)*subs
)

// Bucket is the number of the bucket that counts d. Negative durations count
// as 0. It costs about a nanosecond.
func Bucket(d time.Duration) int {
	if d < subs {
		return int(max(d, 0))
	}
	exp := bits.Len64(uint64(d)) - 1 // of the highest set bit, from subBits
	return (exp-subBits)*subs + int(d>>(exp-subBits))
}

// BucketRange is what bucket i counts: durations from low up to and including
// high. It panics if there is no bucket i.
func BucketRange(i int) (low, high time.Duration) {
	if i < 0 || i >= Buckets {
		panic("observe: no such bucket")
	}
	if i < subs {
		return time.Duration(i), time.Duration(i)
	}
	shift := i/subs - 1
	low = time.Duration(subs+i%subs) << shift
	return low, low + (1<<shift - 1)
}

// Hist is a log-linear histogram of durations. The zero value is empty and
// ready to use. A copy made by assignment shares the counts: use [Hist.Clone]
// before adding to one. Reading is safe for concurrent use, adding is not.
type Hist struct {
	counts []int64 // nil or Buckets long
	n      int64
}

// Add counts n tasks that took d each. It allocates on the first call.
func (h *Hist) Add(d time.Duration, n int64) { h.AddBucket(Bucket(d), n) }

// AddBucket counts n tasks in bucket i. It panics if there is no bucket i.
func (h *Hist) AddBucket(i int, n int64) {
	if h.counts == nil {
		h.counts = make([]int64, Buckets)
	}
	h.counts[i] += n
	h.n += n
}

// Merge adds what o has counted.
func (h *Hist) Merge(o Hist) {
	for i, n := range o.All() {
		h.AddBucket(i, n)
	}
}

// Clone is a histogram of its own with the same counts.
func (h Hist) Clone() Hist {
	if h.counts != nil {
		h.counts = append([]int64(nil), h.counts...)
	}
	return h
}

// Count is how many tasks were counted.
func (h Hist) Count() int64 { return h.n }

// All ranges over the buckets that are not empty: number and count, in rising
// order. [BucketRange] says what a number stands for.
func (h Hist) All() iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		for i, n := range h.counts {
			if n != 0 && !yield(i, n) {
				return
			}
		}
	}
}

// Quantile is the duration that the fraction q of tasks did not exceed: 0.5
// for the median, 0 for the shortest, 1 for the longest. It is the middle of a
// bucket, within 1/32 of the exact answer (the nearest rank, no
// interpolation), and 0 when nothing was counted. It costs a walk over the
// buckets, about a microsecond.
func (h Hist) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := int64(math.Ceil(min(max(q, 0), 1) * float64(h.n)))
	rank = min(max(rank, 1), h.n)
	for i, n := range h.counts {
		if rank -= n; rank <= 0 {
			low, high := BucketRange(i)
			return low + (high-low)/2
		}
	}
	return 0
}
