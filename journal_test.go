package parfor_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor"
)

func TestAJournaledLoopResumes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	var ran atomic.Int64
	odd := errors.New("odd")
	fail := true
	body := func(_ context.Context, n int) (int, error) {
		ran.Add(1)
		if fail && n%2 == 1 {
			return 0, odd
		}
		return n * n, nil
	}
	run := func(n int) ([]int, parfor.Resumption, error) {
		ran.Store(0)
		var r parfor.Resumption
		out, err := parfor.Map(t.Context(), parfor.Range(n), body, parfor.Name("square"), parfor.KeepGoing(),
			parfor.Journal(path), parfor.JournalReport(&r))
		return out, r, err
	}
	_, r, err := run(100)
	var le *parfor.LoopError
	if !errors.As(err, &le) || le.Failed != 50 || ran.Load() != 100 || !r.Fresh {
		t.Fatalf("%v; %d ran; %+v", err, ran.Load(), r)
	}
	fail = false
	out, r, err := run(120)
	if err != nil || ran.Load() != 70 || r.Resumed != 50 || r.Fresh || len(r.Gone) > 0 {
		t.Fatalf("%v; %d ran; %+v", err, ran.Load(), r)
	}
	for i, v := range out {
		if v != i*i {
			t.Errorf("%d is %d", i, v)
		}
	}
	_, r, err = run(90)
	if err != nil || ran.Load() != 0 || r.Resumed != 90 || len(r.Gone) != 30 {
		t.Fatalf("%v; %d ran; %+v", err, ran.Load(), r)
	}
}
