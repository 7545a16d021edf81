package journalfile

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

var kinds = map[string]Sync{"never": SyncNever, "second": SyncDefault, "always": SyncAlways}

func opened(b *testing.B, how Sync) *Writer {
	w, err := Open(filepath.Join(b.TempDir(), "j"), loop, Options{Sync: how})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { w.Close() })
	return w
}

// BenchmarkAppend is the appender's side: who waits now and then pays a share
// of a write.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{8, 100, 10_000} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			w := opened(b, SyncNever)
			d := Done{Key: KeyOf([]byte("k")), Attempts: 1, Result: make([]byte, size)}
			b.ReportAllocs()
			var pos Pos
			for i := 0; b.Loop(); i++ {
				d.Commit = uint64(i)
				var err error
				if pos, err = w.AppendDone(&d); err != nil {
					b.Fatal(err)
				}
			}
			w.Wait(pos)
		})
	}
}

// BenchmarkAppendAndWait is n goroutines, each of which waits for each of its
// records.
func BenchmarkAppendAndWait(b *testing.B) {
	for _, n := range []int{1, 8, 64, 1024} {
		for name, how := range kinds {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				w := opened(b, how)
				b.SetParallelism(max(1, n/runtime.GOMAXPROCS(0)))
				if n == 1 {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				}
				b.RunParallel(func(pb *testing.PB) {
					d := Done{Key: KeyOf([]byte("k")), Attempts: 1, Result: make([]byte, 8)}
					for pb.Next() {
						pos, err := w.AppendDone(&d)
						if err == nil {
							err = w.Wait(pos)
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

// BenchmarkLoop is n goroutines with bodies of 1 ms, with and without a
// journal. "sleep" bodies wait, "spin" bodies compute.
func BenchmarkLoop(b *testing.B) {
	bodies := map[string]func(){
		"sleep": func() { time.Sleep(time.Millisecond) },
		"spin": func() {
			for start := time.Now(); time.Since(start) < time.Millisecond; {
			}
		},
	}
	for name, body := range bodies {
		for _, journal := range []string{"none", "never", "second", "always"} {
			b.Run(name+"/"+journal, func(b *testing.B) {
				var w *Writer
				if journal != "none" {
					w = opened(b, kinds[journal])
				}
				if name == "sleep" {
					b.SetParallelism(32 / runtime.GOMAXPROCS(0))
				}
				var commit atomic.Uint64
				b.RunParallel(func(pb *testing.PB) {
					result := make([]byte, 8)
					for pb.Next() {
						body()
						if w == nil {
							continue
						}
						d := Done{Key: Key{1}, Attempts: 1, Commit: commit.Add(1), Result: result}
						pos, err := w.AppendDone(&d)
						if err == nil {
							err = w.Wait(pos)
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

// BenchmarkOpen reads a file of a million items.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "j")
	w, err := Open(path, loop, Options{Sync: SyncNever})
	if err != nil {
		b.Fatal(err)
	}
	const n = 1_000_000
	for i := range n {
		d := Done{Attempts: 1, Commit: uint64(i), Result: make([]byte, 8)}
		d.Key[0], d.Key[1], d.Key[2] = byte(i), byte(i>>8), byte(i>>16)
		if _, err := w.AppendDone(&d); err != nil {
			b.Fatal(err)
		}
	}
	w.Close()
	for b.Loop() {
		w, err := Open(path, loop, Options{Sync: SyncNever})
		if err != nil {
			b.Fatal(err)
		}
		w.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}

// BenchmarkDisk is what the system calls alone cost, for comparison.
func BenchmarkDisk(b *testing.B) {
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%v", sync), func(b *testing.B) {
			f, err := os.Create(filepath.Join(b.TempDir(), "f"))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			record := make([]byte, 50)
			for b.Loop() {
				f.Write(record)
				if sync {
					f.Sync()
				}
			}
		})
	}
}
