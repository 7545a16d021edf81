//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/leak"
)

// once is one run: all stages at the same time, and beside them pools that come
// and go.
func once(ctx context.Context, run int, p *plan, w *watch) error {
	if err := successes.Clear(ctx); err != nil {
		return err
	}
	room, err := os.MkdirTemp("", "parfor-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(room)
	w.quiet.Lock()
	before := leak.Before()
	w.quiet.Unlock()
	began := time.Now()
	a, e, cycles, err := p.perform(ctx, room)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if err := a.settle(); err != nil {
		return err
	}
	sum := 0
	for _, v := range successes.All(ctx) {
		sum += v
	}
	if sum != a.ok[counted] {
		return fmt.Errorf("the dictionary counted %d, %d tasks succeeded", sum, a.ok[counted])
	}
	fmt.Printf("run %d, seed %d: loops %v; %d blows, %d of them stops, %d deaths at birth; %d pools came and went; %d calls alone\n",
		run, p.seed, took.Round(time.Millisecond), e.dealt, e.stops, e.births, cycles, p.calls())
	fmt.Printf("  counting %d ok %d failed, parcels %d ok %d failed, slow %d ok %d failed, vandals %d ok %d failed; %d failed beside or for the enemy; dictionary %d: exact\n",
		a.ok[counted], a.failed[counted], a.ok[parcels], a.failed[parcels], a.ok[slow], a.failed[slow], a.ok[vandals], a.failed[vandals], len(a.bystands), sum)
	a.print()
	w.quiet.Lock()
	defer w.quiet.Unlock()
	if err := nothingLeft(before, room); err != nil {
		return err
	}
	w.sample()
	return ctx.Err()
}

// perform opens the pools, runs the stages on them, and closes them.
func (p *plan) perform(ctx context.Context, room string) (*account, *enemy, int, error) {
	// A stage that fails ends the others.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pool, err := p.newPool(ctx, p.workers, p.slots, room)
	if err != nil {
		return nil, nil, 0, err
	}
	defer pool.Close()
	fragile, err := p.newPool(ctx, 2, 1, room) // what a vandal's mates get may be wrong
	if err != nil {
		return nil, nil, 0, err
	}
	defer fragile.Close()
	e := startEnemy(pool, room, p.every, p.seed)
	a := newAccount(p, e)
	var g sync.WaitGroup
	for s := range stages {
		on := pool
		if s == vandals {
			on = fragile
		}
		g.Go(func() {
			if err := p.play(ctx, s, on, room, a); err != nil {
				cancel(err)
			}
		})
	}
	cycles := 0
	g.Go(func() {
		var err error
		if cycles, err = p.comeAndGo(ctx, room+"-pools"); err != nil {
			cancel(err)
		}
	})
	g.Go(func() {
		if err := p.callAlone(ctx, room); err != nil {
			cancel(err)
		}
	})
	g.Wait()
	e.end()
	return a, e, cycles, errors.Join(context.Cause(ctx), pool.Close(), fragile.Close())
}

// comeAndGo opens pools whose workers die as they start, while they have nothing
// to do, and as they end.
func (p *plan) comeAndGo(ctx context.Context, room string) (int, error) {
	if err := os.Mkdir(room, 0o700); err != nil {
		return 0, err
	}
	defer os.RemoveAll(room)
	rng := rand.New(rand.NewPCG(p.seed, 3))
	n := 1 + p.faults/20
	for i := range n {
		if err := p.oneLife(ctx, room, rng); err != nil {
			return i, fmt.Errorf("pool %d that came and went: %w", i, err)
		}
	}
	return n, nil
}

func (p *plan) oneLife(ctx context.Context, room string, rng *rand.Rand) error {
	tokens := func(name string, n int) {
		old, _ := filepath.Glob(filepath.Join(room, name+"-*"))
		for _, f := range old {
			os.Remove(f)
		}
		for i := range n {
			os.WriteFile(fmt.Sprintf("%s/%s-%d", room, name, i), nil, 0o600)
		}
	}
	tokens("start", 0)
	tokens("end", 0)
	pool, err := p.newPool(ctx, 2, p.slots, room)
	if err != nil {
		return err
	}
	defer pool.Close()
	for range 2 {
		out, err := parfor.Map(ctx, parfor.Range(100), mortal, parfor.On(pool))
		if err != nil {
			return err
		}
		for i, v := range out {
			if v != 2*i {
				return fmt.Errorf("item %d: %d", i, v)
			}
		}
		tokens("start", rng.IntN(4))
		for _, pid := range pool.PIDs() { // they have nothing to do
			if rng.IntN(3) > 0 && child(pid) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	tokens("end", rng.IntN(3))
	stop := killBeside(pool.PIDs(), rng)
	defer stop()
	switch rng.IntN(3) {
	case 0:
		pool.Kill()
	case 1:
		err = pool.CloseNow()
	}
	if err := errors.Join(err, pool.Close()); err != nil {
		return err
	}
	_, err = parfor.Map(ctx, parfor.Range(1), mortal, parfor.On(pool))
	if err == nil || !strings.Contains(err.Error(), "closed") {
		return fmt.Errorf("a closed pool said %w", orNil(err))
	}
	return nil
}

// killBeside kills some of the workers while their pool is closed.
func killBeside(pids []int, rng *rand.Rand) (stop func()) {
	var g sync.WaitGroup
	for _, pid := range pids {
		wait, die := time.Duration(rng.IntN(2000))*time.Microsecond, rng.IntN(2) == 0
		g.Go(func() {
			time.Sleep(wait)
			if die && child(pid) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		})
	}
	return g.Wait
}
