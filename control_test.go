package parfor_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
)

func TestControlPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c parfor.Control
		c.Pause()
		s := newStarts()
		go func() {
			time.Sleep(time.Hour)
			c.Resume()
			time.Sleep(2500 * time.Millisecond)
			c.Pause()
			if got := c.Loops(); len(got) != 1 || !got[0].Paused || got[0].Running != 2 || got[0].Workers != 2 {
				t.Errorf("%+v", got)
			}
			time.Sleep(time.Hour)
			c.Resume()
		}()
		err := parfor.Each(t.Context(), parfor.Range(10), func(_ context.Context, i int) error {
			defer s.note(i)()
			time.Sleep(time.Second)
			return nil
		}, parfor.WithControl(&c), parfor.Workers(2))
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range s.sorted() {
			want := time.Hour + time.Duration(i/2)*time.Second
			if i >= 6 {
				want = 2*time.Hour + 2500*time.Millisecond + time.Duration(i/2-3)*time.Second
			}
			if at != want {
				t.Errorf("start %d at %v, want %v", i, at, want)
			}
		}
		if len(c.Loops()) != 0 {
			t.Error("a loop that ended is still steered")
		}
	})
}

func TestControlSetsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c parfor.Control
		s := newStarts()
		var most [3]int32
		go func() {
			for i, n := range []int{3, 50, 1} {
				if err := c.SetWorkers(n); err != nil {
					t.Error(err)
				}
				time.Sleep(5 * time.Second)
				s.most.Store(0)
				time.Sleep(5*time.Second + 500*time.Millisecond)
				most[i] = s.most.Load()
			}
			c.Stop()
		}()
		synctest.Wait()
		err := parfor.Each(t.Context(), parfor.Range(100000), func(_ context.Context, i int) error {
			defer s.note(i)()
			time.Sleep(time.Second)
			return nil
		}, parfor.WithControl(&c))
		if !errors.Is(err, parfor.ErrStopped) || most != [3]int32{3, 50, 1} {
			t.Fatal(err, most)
		}
		if err := c.SetWorkers(0); !errors.Is(err, parfor.ErrOption) {
			t.Error(err)
		}
	})
}

func TestControlKillsOneTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c parfor.Control
		go func() {
			time.Sleep(10 * time.Second)
			if !c.Kill(7) || c.Kill(100) || c.Kill(3) {
				t.Error("what was killed is not what ran")
			}
		}()
		var tries atomic.Int32
		out, err := parfor.Map(t.Context(), parfor.Range(20), func(ctx context.Context, i int) (int, error) {
			if i == 7 {
				tries.Add(1)
				<-ctx.Done()
				return 0, nil // whatever it returns
			}
			return i, nil
		}, parfor.WithControl(&c), parfor.KeepGoing(), parfor.Attempts(3))
		failed := parfor.Failed(err)
		if len(failed) != 1 || !errors.Is(failed[7], parfor.ErrKilled) || tries.Load() != 1 || out[19] != 19 {
			t.Fatal(err, tries.Load())
		}
	})
}

func TestControlRetriesFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c parfor.Control
		var down atomic.Bool
		down.Store(true)
		go func() {
			time.Sleep(5 * time.Second)
			down.Store(false)
			if n := c.RetryFailed(); n != 36 {
				t.Errorf("%d are tried again", n)
			}
		}()
		tries := make([]int, 200)
		out, err := parfor.Map(t.Context(), parfor.Range(200), func(_ context.Context, i int) (int, error) {
			tries[i]++
			time.Sleep(100 * time.Millisecond * time.Duration(1+i/100*9))
			if down.Load() && i%5 == 0 && i < 200 {
				return 0, errors.New("down")
			}
			return i, nil
		}, parfor.WithControl(&c), parfor.KeepGoing(), parfor.InOrder(), parfor.Workers(20))
		n := 0
		for i, v := range tries {
			if v == 2 {
				n++
			}
			if out[i] != i {
				t.Errorf("item %d came to %d", i, out[i])
			}
		}
		if err != nil || n < 20 {
			t.Fatal(err, n)
		}
		// A loop that ends before they ran doesn't take them for done.
		_, err = parfor.Map(t.Context(), parfor.Range(3), func(_ context.Context, i int) (int, error) {
			if i == 1 {
				c.RetryFailed()
				c.Stop()
			}
			return i, map[int]error{0: errors.New("down")}[i]
		}, parfor.WithControl(&c), parfor.KeepGoing(), parfor.Workers(1))
		var le *parfor.LoopError
		if !errors.As(err, &le) || le.Done(0) || !le.Done(1) {
			t.Error(err)
		}
		for range parfor.Stream(t.Context(), slices.Values([]int{1}), func(context.Context, int) (int, error) {
			if c.RetryFailed() != 0 {
				t.Error("a stream has no items to try again")
			}
			return 0, nil
		}, parfor.WithControl(&c)) {
		}
	})
}
