package dict_test

import (
	"context"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// inTask measures attempts that do one thing each, as a loop runs them here.
func inTask(b *testing.B, do func(ctx context.Context, i int) error) {
	b.ReportAllocs()
	four(b, func(i int) {
		c := &task.Ctx{Context: context.Background(), Attempt: task.Attempt{Index: i, Number: 1}}
		if err := do(c, i); err != nil {
			b.Error(err)
		}
		if _, err := c.Finish(nil); err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkCounterAddInTask(b *testing.B) {
	n, err := dict.MakeCounter(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	inTask(b, func(ctx context.Context, i int) error { return n.Add(ctx, 1) })
}

func BenchmarkListAppendInTask(b *testing.B) {
	l := freshList[int](b)
	inTask(b, func(ctx context.Context, i int) error { return l.Append(ctx, i) })
}

func BenchmarkListAppend(b *testing.B) {
	l := freshList[int](b)
	b.ReportAllocs()
	four(b, func(i int) { l.Append(context.Background(), i) })
}

// BenchmarkListCommitEncoded is what the owner does with the write set of a
// task that ran in a worker process: one append.
func BenchmarkListCommitEncoded(b *testing.B) {
	l := freshList[int](b)
	l.MarshalBinary()
	c := &task.Ctx{Context: context.Background()}
	l.Append(c, 17)
	enc, err := c.Seal().Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	four(b, func(i int) {
		if _, err := writeset.CommitEncoded(enc, task.Ticket{}); err != nil {
			b.Error(err)
		}
	})
}
