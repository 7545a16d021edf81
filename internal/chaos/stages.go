//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// Limits of the loop whose bodies don't end. A worker may be stopped meanwhile,
// and the machine have other things to do: a good body takes no time at all.
const (
	limit = 1500 * time.Millisecond
	grace = 100 * time.Millisecond
)

// cast gives each stage its items: the faults are shared out among their kinds and
// then to items, all by the seed.
func (p *plan) cast(s stage) (n int, fault map[int]uint8) {
	rng := rand.New(rand.NewPCG(p.seed, 100+uint64(s)))
	var kinds []uint8
	for _, k := range p.kinds {
		if faults[k-1].stage == s {
			kinds = append(kinds, k)
		}
	}
	mine := 0
	if len(p.kinds) > 0 {
		mine = (p.faults*len(kinds) + len(p.kinds) - 1) / len(p.kinds)
	}
	switch s {
	case counted:
		n = p.tasks
	case vandals:
		n = 20 * mine
	default:
		n = 4 * mine
	}
	fault = map[int]uint8{}
	for i := range min(mine, n) {
		at := rng.IntN(n)
		for fault[at] != 0 {
			at = (at + 1) % n
		}
		fault[at] = kinds[i%len(kinds)]
	}
	return n, fault
}

func (p *plan) items(n int, fault map[int]uint8) iter.Seq[item] {
	rng := rand.New(rand.NewPCG(p.seed, 2))
	return func(yield func(item) bool) {
		for i := range n {
			if !yield(item{N: int64(i), Salt: rng.Uint32(), Fault: fault[i]}) {
				return
			}
		}
	}
}

func (p *plan) parcels(n int, fault map[int]uint8) iter.Seq[parcel] {
	return func(yield func(parcel) bool) {
		for it := range p.items(n, fault) {
			if !yield(parcel{item: it, data: content(it.N, it.Salt)}) {
				return
			}
		}
	}
}

// options of a stage's loop.
func (p *plan) options(s stage, pool *process.Pool) []parfor.Option {
	opts := []parfor.Option{parfor.On(pool), parfor.KeepGoing(), parfor.Attempts(p.attempts)}
	switch s {
	case counted:
		opts = append(opts, parfor.With(keys{p.keys}), parfor.OnConflict(parfor.Rerun))
	case parcels:
		opts = append(opts, parfor.Window(16))
	case slow:
		opts = append(opts, parfor.Timeout(limit), parfor.Grace(grace))
	case vandals:
		opts = append(opts, parfor.Chunk(1))
	}
	return opts
}

// play runs a stage's loop on the pool and books every verdict.
func (p *plan) play(ctx context.Context, s stage, pool *process.Pool, room string, a *account) error {
	n, fault := p.cast(s)
	if s == parcels {
		for i, k := range fault {
			if faults[k-1].name == "receiving" {
				if err := os.WriteFile(fmt.Sprintf("%s/parcel-%d", room, i), nil, 0o600); err != nil {
					return err
				}
			}
		}
		return book(a, s, n, parfor.Stream(ctx, p.parcels(n, fault), carry, p.options(s, pool)...),
			func(in, out parcel) (item, bool) { return in.item, in.N == out.N && bytes.Equal(out.data, in.data) })
	}
	body := plainly
	if s == counted {
		body = counting[p.count]
	}
	return book(a, s, n, parfor.Stream(ctx, p.items(n, fault), body, p.options(s, pool)...),
		func(in item, out int) (item, bool) { return in, out == 2*int(in.N) })
}

// book wants exactly one verdict for each of the n items.
func book[In, Out any](a *account, s stage, n int, results iter.Seq2[parfor.Result[In, Out], error], look func(In, Out) (item, bool)) error {
	had := make([]bool, n)
	count := 0
	for r, err := range results {
		var t *parfor.TaskError
		if err != nil && !errors.As(err, &t) {
			return err // of the loop
		}
		if r.Index < 0 || r.Index >= n || had[r.Index] {
			return fmt.Errorf("item %d of %d has a second verdict", r.Index, n)
		}
		had[r.Index] = true
		count++
		it, right := look(r.In, r.Out)
		if err := a.verdict(s, it, right, err); err != nil {
			return err
		}
	}
	if count != n {
		return fmt.Errorf("%d of %d items have a verdict", count, n)
	}
	return nil
}

// sink takes what workers print.
type sink struct{ n atomic.Int64 }

func (s *sink) Write(b []byte) (int, error) { s.n.Add(int64(len(b))); return len(b), nil }

func (p *plan) newPool(ctx context.Context, n, slots int, room string) (*process.Pool, error) {
	var out, errs io.Writer = &sink{}, &sink{}
	if p.verbose {
		out, errs = os.Stdout, os.Stderr
	}
	return process.NewPool(ctx, n, process.Env(roomVar+"="+room), process.WorkerInit(begin),
		process.ItemsPerWorker(slots), process.Breaker(100), process.Stdout(out), process.Stderr(errs))
}
