//go:build unix

package process_test

import (
	"context"
	"errors"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// branch is a node of a tree, named as in a heap.
type branch struct{ Name, Depth int }

// fork adds two nodes, and is long enough to be killed between.
func fork(ctx context.Context, b branch) (int, error) {
	if b.Depth == 0 {
		return 0, nil
	}
	if err := parfor.Add(ctx, branch{2 * b.Name, b.Depth - 1}); err != nil {
		return 0, err
	}
	for range 2000 {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return 2, parfor.Add(ctx, branch{2*b.Name + 1, b.Depth - 1})
}

var _ = parfor.Register(fork)

// TestGroupUnderKills grows trees while workers are killed at random. With
// attempts every node comes once; without, a killed node has added nothing, and
// all others are there.
func TestGroupUnderKills(t *testing.T) {
	enough := 300
	if testing.Short() {
		enough = 30
	}
	for _, k := range []int{1, 3} {
		p, err := process.NewPool(t.Context(), 3, process.ItemsPerWorker(k), process.Stderr(discard{}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		killed := make(chan int)
		go func() { killed <- killer(ctx, p, enough, cancel) }()
		trees, lost := 0, 0
		for ctx.Err() == nil {
			wholeTree(t, p)
			lost += prunedTree(t, p)
			trees += 2
		}
		t.Logf("k=%d: %d kills, %d trees, %d nodes lost where there was one attempt", k, <-killed, trees, lost)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

const treeDepth = 12

// growTree runs a group: what became of each node.
func growTree(t *testing.T, p *process.Pool, opts ...parfor.Option) (done, failed map[int]bool) {
	t.Helper()
	done, failed = map[int]bool{}, map[int]bool{}
	for r, err := range parfor.Group(t.Context(), []branch{{1, treeDepth}}, fork, append(opts, parfor.On(p))...) {
		var we *parfor.WorkerError
		switch {
		case done[r.In.Name] || failed[r.In.Name]:
			t.Fatalf("node %d comes twice", r.In.Name)
		case err == nil:
			done[r.In.Name] = true
		case errors.As(err, &we) && r.In.Name > 0:
			failed[r.In.Name] = true
		default:
			t.Fatal(err)
		}
	}
	return done, failed
}

func wholeTree(t *testing.T, p *process.Pool) {
	t.Helper()
	done, failed := growTree(t, p, parfor.Attempts(100))
	if len(done) != 1<<(treeDepth+1)-1 || len(failed) > 0 {
		t.Fatalf("%d nodes succeeded, %d failed", len(done), len(failed))
	}
}

func prunedTree(t *testing.T, p *process.Pool) (lost int) {
	t.Helper()
	done, failed := growTree(t, p, parfor.KeepGoing())
	for n := 1; n < 1<<(treeDepth+1); n++ {
		there := done[n] || failed[n]
		if want := n == 1 || done[n/2]; there != want {
			t.Fatalf("node %d: there is %v; its parent is done %v", n, there, want)
		}
	}
	return len(failed)
}
