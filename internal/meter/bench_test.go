package meter_test

import (
	"testing"

	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/observe"
)

// BenchmarkCount is per item: chunks of 64.
func BenchmarkCount(b *testing.B) {
	s := meter.New("", "", 1, -1, nil).Shard(0)
	for i := 0; i < b.N; i += 64 {
		s.Count(64, 0, 0, 0)
	}
}

func BenchmarkCountOne(b *testing.B) {
	s := meter.New("", "", 1, -1, nil).Shard(0)
	for b.Loop() {
		s.Count(1, 0, 0, 0)
	}
}

func BenchmarkTask(b *testing.B) {
	b.Run("unwatched", func(b *testing.B) { benchmarkTask(b, meter.New("", "", 1, -1, nil)) })
	l, _ := watched(1, -1)
	b.Run("watched", func(b *testing.B) { benchmarkTask(b, l) })
	l.End(nil)
}

// benchmarkTask leaves the clock out: its caller reads it anyway.
func benchmarkTask(b *testing.B, l *meter.Loop) {
	s := l.Shard(0)
	now := meter.Now()
	for i := 0; b.Loop(); i++ {
		s.Begin(i, 1, now)
		s.Task(now, 10_000, i, 1, observe.OK)
		now += 10_000
	}
}

func BenchmarkNow(b *testing.B) {
	for b.Loop() {
		meter.Now()
	}
}

// BenchmarkLoop is a whole loop that nobody watches: 3 workers, one item each.
func BenchmarkLoop(b *testing.B) {
	b.ReportAllocs()
	b.Run("New", func(b *testing.B) {
		for b.Loop() {
			meter.New("", "", 32, 3, nil).End(nil)
		}
	})
	b.Run("3 shards", func(b *testing.B) {
		for b.Loop() {
			l := meter.New("", "", 32, 3, nil)
			for w := range 3 {
				l.Shard(w).Count(1, 0, 0, 0)
			}
			l.End(nil)
		}
	})
}

func BenchmarkFail(b *testing.B) {
	l, _ := watched(1, -1)
	defer l.End(nil)
	err := errString("dial tcp 127.0.0.1:8080: connect: connection refused")
	other := errString("read tcp 127.0.0.1:8080: i/o timeout")
	b.Run("same", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.Fail(i, 1, err)
		}
	})
	b.Run("new text", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.Fail(i, 1, err)
			l.Fail(i, 1, other)
		}
	})
}

type errString string

func (e errString) Error() string { return string(e) }
