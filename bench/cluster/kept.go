package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/process"
)

// What a loop with a name keeps until it is whole: all items and results, and what
// each did to dictionaries. 1 KiB in and out, and an entry of a dictionary each.
const (
	keptItems   = 20_000
	perItem     = itemBytes + 8
	perResult   = itemBytes + 44 // with what the task wrote
	perEntry    = 32
	perMessage  = 250
	sizeOfEntry = 8 // of its key, and as much of its value
)

var sums = dict.New[int, int]("sums")

// keepSum writes an entry of a dictionary.
func keepSum(ctx context.Context, b []byte) ([]byte, error) {
	return b, sums.Set(ctx, int(binary.LittleEndian.Uint64(b)), len(b))
}

var _ = parfor.Register(keepSum)

// workers runs an agent of worker processes until ctx ends.
func workers(ctx context.Context, at string, n int) error {
	return cluster.Serve(ctx, at, cluster.Processes(n, process.ItemsPerWorker(4)))
}

// measureKept prints what such a loop had in the streams at most, and what the
// page says.
func measureKept() error {
	s, err := startServer()
	if err != nil {
		return err
	}
	defer s.end()
	if s.agent, err = startRole("workers", s.url, slotsEnv+"=2"); err != nil {
		return err
	}
	if err := eventually(func() bool { return s.executor.Slots() > 1 }); err != nil {
		return err
	}
	items := kilobytes(keptItems)
	for i, b := range items {
		binary.LittleEndian.PutUint64(b, uint64(i))
	}
	began := time.Now()
	p, err := s.peakOf(func() error {
		_, err := parfor.Map(context.Background(), items, keepSum, parfor.On(s.executor.Loop("kept")))
		return err
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	results := keptItems*perResult + int(p.msgs["R"])*perMessage
	loops := keptItems*(perItem+perEntry+2*sizeOfEntry) + int(p.msgs["L"])*perMessage
	fmt.Printf("with a name: %d items in %.1f s; results %.1f MB (%.1f) in %d messages, items and log %.1f MB (%.1f) in %d\n", keptItems, took.Seconds(),
		float64(p.bytes["R"])/1e6, float64(results)/1e6, p.msgs["R"], float64(p.bytes["L"])/1e6, float64(loops)/1e6, p.msgs["L"])
	return nil
}
