package results

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/record"
)

// BenchmarkAppend is 32 goroutines that plan and append small records, as an
// API's: each waits for its own to be written.
func BenchmarkAppend(b *testing.B) {
	for _, sync := range []time.Duration{SyncDefault, SyncNever} {
		b.Run(map[time.Duration]string{SyncDefault: "second", SyncNever: "never"}[sync], func(b *testing.B) {
			r := benchOpen(b, sync)
			appendMany(b, r, b.N)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func benchOpen(b *testing.B, sync time.Duration) *Results {
	r, err := tryOpen(Options{Sync: sync}, filepath.Join(b.TempDir(), "r.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func appendMany(b *testing.B, r *Results, n int) {
	var seq atomic.Int64
	var all sync.WaitGroup
	started := time.Now().UTC()
	body := []byte(`{"id":17,"name":"Ann O'Neil","tags":["a","b"],"ok":true}`)
	b.ResetTimer()
	for range 32 {
		all.Go(func() {
			for i := int(seq.Add(1)); i <= n; i = int(seq.Add(1)) {
				key := "order-" + strconv.Itoa(i)
				if _, err := r.Plan(i, key, "0123456789abcdef"); err != nil {
					b.Error(err)
				}
				err := r.Append(record.Record{Key: key, Seq: i, Status: record.OK, Code: 200, Body: body, Attempts: 1, Started: started, MS: 1.234, Worker: 7}, "0123456789abcdef")
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkFinish writes each format from a journal of 100,000 records.
func BenchmarkFinish(b *testing.B) {
	const n = 100_000
	for _, suffix := range suffixes {
		b.Run(suffix, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r, err := tryOpen(Options{}, filepath.Join(b.TempDir(), "r"+suffix))
				if err != nil {
					b.Fatal(err)
				}
				appendMany(b, r, n)
				b.StartTimer()
				if _, err := r.Finish(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkIndex is what a key costs, by the heap's count.
func BenchmarkIndex(b *testing.B) {
	for _, n := range []int{1_000_000, 3_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if os.Getenv("BENCH_INDEX") == "" && n > 1_000_000 {
				b.Skip("BENCH_INDEX=1")
			}
			for b.Loop() {
				before := heap()
				x := newIndex()
				var key []byte
				for i := range n {
					key = strconv.AppendInt(key[:0], int64(i), 10)
					x.set(x.key(key), at(planned, uint64(i)))
				}
				b.ReportMetric(float64(heap()-before)/float64(n), "B/key")
				if x.len != n {
					b.Fatal(x.len)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
