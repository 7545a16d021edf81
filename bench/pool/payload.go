package main

import (
	"context"
	"fmt"
	"os"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
	"parfor.dev/parfor/process"
)

const payload = 64 << 20

// touched looks at each page, as a body that reads its item would.
func touched(b []byte) (sum int) {
	for i := 0; i < len(b); i += 4096 {
		sum += int(b[i])
	}
	return sum
}

func measure(_ context.Context, b []byte) (int, error) { return touched(b), nil }

func produce(_ context.Context, n int) ([]byte, error) {
	b := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		b[i] = 1
	}
	return b, nil
}

var (
	_ = parfor.Register(measure)
	_ = parfor.Register(produce)
)

// payloads times one large item, and one large result, beside a copy of it to
// fresh memory, which is the least that somebody else's own bytes can cost.
func payloads(ctx context.Context, pool *process.Pool, rounds int) {
	item := make([]byte, payload)
	for i := range item {
		item[i] = 1
	}
	t := paired.Measure([]paired.Way{
		{Name: "copy to fresh memory", N: 1, Run: func() { check(touched(append([]byte(nil), item...)) == payload/4096) }},
		{Name: "make and touch", N: 1, Run: func() { b, _ := produce(ctx, payload); check(touched(b) == payload/4096) }},
		{Name: "item of 64 MiB", N: 1, Run: func() {
			n, err := parfor.Submit(ctx, pool, measure, item).Result(ctx)
			must(err)
			check(n == payload/4096)
		}},
		{Name: "result of 64 MiB", N: 1, Run: func() {
			b, err := parfor.Submit(ctx, pool, produce, payload).Result(ctx)
			must(err)
			check(touched(b) == payload/4096)
		}},
	}, rounds, 1)
	t.Print(os.Stdout, "64 MiB, each page looked at", "", "copy to fresh memory", 1)
	for i, w := range t.Ways {
		fmt.Printf("  %-22s %6.2f GB/s\n", w.Name, payload/paired.Median(t.Nanos[i]))
	}
}
