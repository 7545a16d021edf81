//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/shm"
)

// deep is how many requests are in flight where the pool is compared with its
// rings: it queues some milliseconds of work ahead, and takes results in heaps.
const deep = 512

// parts is the table of what a task in a loop is made of. Pool and worker work
// side by side, so that the parts of one and of the other overlap.
func (b *bench) parts() {
	b.measure("the parts of a task int → int",
		parts(b, 8, increment, parfor.Range(1<<20), func(v int) bool { return v > 0 }))
	b.measure("the parts of a task 1 KiB → 1 KiB",
		parts(b, 1024, echo, kib(1024, mostResults), func(v []byte) bool { return len(v) == 1024 }))
}

func parts[T any](b *bench, size int, body func(context.Context, T) (T, error), items []T, right func(T) bool) []row {
	rows := []row{
		{name: limit, batch: 1, run: func(n int) { b.peer.echo(limit, size, 1, n, inFlight) }},
		{name: fmt.Sprintf("%s, %d in flight", limit, mostSlots/2), batch: 1, run: func(n int) { b.peer.echo(limit, size, 1, n, mostSlots/2) }},
		{name: "a reading of the clock (a worker does one a task)", run: readClock},
		b.ringsOnly(size, inFlight),
		b.ringsOnly(size, deep),
	}
	rows = append(rows, codecRows(b, body, items, right)...)
	return append(rows, b.poolRows(size)...)
}

// codecRows are the parts that know what an item is.
func codecRows[T any](b *bench, body func(context.Context, T) (T, error), items []T, right func(T) bool) []row {
	c := codec.Of[T]()
	registered := registry.Find(registry.Word(&body))
	number := uint32(slices.Index(registry.All(), registered))
	item, err := c.Append(nil, &items[0])
	must(err)
	buf, out := make([]byte, 0, 2*len(item)), make([]T, len(items))
	half := func(n int) {
		for i := range n {
			b, err := c.Append(buf, &items[i])
			must(err)
			must(c.Decode(b, &out[i]))
		}
	}
	worker := func(n int) {
		for range n {
			_, _, err := registered.Run(context.Background(), item, buf)
			must(err)
		}
	}
	mem := shm.Twin(1)
	p, w := newPoolEnd(mem), newWorkerEnd(mem)
	w.begin(len(item), 1)
	return []row{
		{name: "parfor's rings, in one process", run: func(n int) { oneProcess(p, w, item, n) }},
		{name: "codec only, pool's half: encode, decode", run: half, most: len(items)},
		{name: "codec only, worker's half: decode, call, encode", run: worker, most: len(items)},
		{name: "codec only, all of it", run: func(n int) { half(n); worker(n) }, most: len(items)},
		{name: fmt.Sprintf("parfor's rings and codec, %d in flight", deep), batch: 1, most: len(items), run: func(n int) {
			tasks(b, c, number, items[:n], out)
			for _, v := range out[:n] {
				check(right(v))
			}
		}},
	}
}

func readClock(n int) {
	last := meter.Now()
	for range n {
		now := meter.Now()
		check(now >= last)
		last = now
	}
}

// tasks is a loop on a worker without jobs and owners: the pool's half of codec
// and rings here, the worker's there.
func tasks[T any](b *bench, c *codec.Codec[T], body uint32, items, out []T) {
	l, at := b.peer.link(ownRings)
	p := l.(*poolEnd)
	b.peer.order(order{op: opTasks, link: at, n: uint64(len(items))})
	var buf []byte
	for sent, got := 0, 0; got < len(items); {
		for ; sent < len(items) && sent-got < deep; sent++ {
			var err error
			buf, err = c.Append(buf[:0], &items[sent])
			must(err)
			p.put(buf, body)
		}
		for first := true; first || p.more(); first = false {
			must(c.Decode(p.take(), &out[got]))
			got++
		}
	}
	check(b.peer.answer() == uint64(len(items)))
}

// oneProcess has requests go through parfor's rings without leaving this
// process: what they cost apart from cache lines going to another core.
func oneProcess(p *poolEnd, w *workerEnd, item []byte, n int) {
	const heap = 64
	for done := 0; done < n; done += heap {
		for range heap {
			p.put(item, 0)
		}
		for range heap {
			out := append(w.place()[:0], w.take()...)
			w.put(out)
		}
		for range heap {
			check(bytes.Equal(p.take(), item))
		}
	}
}
