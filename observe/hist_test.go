package observe_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parfor.dev/parfor/observe"
)

func TestBucketsTileTheDurations(t *testing.T) {
	next := time.Duration(0)
	for i := range observe.Buckets {
		low, high := observe.BucketRange(i)
		if low != next || high < low {
			t.Fatalf("bucket %d is %d..%d, want it to begin at %d", i, low, high, next)
		}
		if observe.Bucket(low) != i || observe.Bucket(high) != i {
			t.Fatalf("bucket %d: its bounds %d and %d count in %d and %d",
				i, low, high, observe.Bucket(low), observe.Bucket(high))
		}
		next = high + 1
	}
	if next != math.MinInt64 {
		t.Errorf("the last bucket ends at %d, want the longest duration", next-1)
	}
	if got := observe.Bucket(-5); got != 0 {
		t.Errorf("Bucket(-5) = %d, want 0", got)
	}
}

func TestQuantileIsWithinOne32nd(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	draws := map[string]func() float64{
		"uniform":     func() float64 { return rnd.Float64() * 1e9 },
		"exponential": func() float64 { return rnd.ExpFloat64() * 3e6 },
		"log-normal":  func() float64 { return math.Exp(rnd.NormFloat64()*2 + 14) },
		"tiny":        func() float64 { return rnd.Float64() * 40 },
		"two modes":   func() float64 { return []float64{900, 7e10}[rnd.IntN(2)] },
	}
	for name, draw := range draws {
		for _, n := range []int{1, 2, 10, 1000, 20000} {
			var h observe.Hist
			exact := make([]time.Duration, n)
			for i := range exact {
				exact[i] = time.Duration(draw())
				h.Add(exact[i], 1)
			}
			slices.Sort(exact)
			if h.Count() != int64(n) {
				t.Fatalf("%s: Count() = %d, want %d", name, h.Count(), n)
			}
			for _, q := range []float64{-1, 0, 0.01, 0.5, 0.9, 0.99, 0.999, 1, 2} {
				rank := max(int(math.Ceil(min(max(q, 0), 1)*float64(n))), 1)
				want, got := exact[rank-1], h.Quantile(q)
				if off := math.Abs(float64(got - want)); off > float64(want)/32+0.5 {
					t.Errorf("%s, %d values: Quantile(%v) = %v, want %v within 1/32", name, n, q, got, want)
				}
			}
		}
	}
}

func TestMergeIsAddingUp(t *testing.T) {
	var a, b, both observe.Hist
	for i := range 1000 {
		d := time.Duration(i*i) * time.Microsecond
		if i%3 == 0 {
			a.Add(d, 2)
		} else {
			b.Add(d, 2)
		}
		both.Add(d, 2)
	}
	before := a.Clone()
	a.Merge(b)
	a.Merge(observe.Hist{})
	if a.Count() != both.Count() || before.Count() == a.Count() {
		t.Errorf("merged %d, want %d; the clone has %d", a.Count(), both.Count(), before.Count())
	}
	for i, n := range both.All() {
		found := false
		for j, m := range a.All() {
			found = found || i == j && n == m
		}
		if !found {
			t.Errorf("bucket %d: want %d in the merged histogram", i, n)
		}
	}
	for range both.All() {
		break
	}
	var empty observe.Hist
	if empty.Quantile(0.5) != 0 || empty.Count() != 0 {
		t.Error("an empty histogram isn't 0")
	}
}

func TestDied(t *testing.T) {
	for text, want := range map[string]bool{
		"killed (SIGKILL)": true, "": true,
		observe.DownClosed: false, observe.DownIdle: false, observe.DownRecycled: false,
	} {
		if got := (observe.Event{Kind: observe.WorkerDown, Text: text}).Died(); got != want {
			t.Errorf("worker.down %q: Died() = %v, want %v", text, got, want)
		}
	}
	if (observe.Event{Kind: observe.WorkerUp}).Died() {
		t.Error("worker.up is a death")
	}
}

func BenchmarkBucket(b *testing.B) {
	d, sum := time.Duration(1), 0
	for b.Loop() {
		sum += observe.Bucket(d)
		d = (d*5 + 3) & (1<<40 - 1)
	}
}
