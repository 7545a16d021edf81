package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"parfor.dev/parfor"
)

func ExampleRate() {
	begin := time.Now()
	err := parfor.Each(context.Background(), parfor.Range(6), func(context.Context, int) error { return nil },
		parfor.Rate(100, 1)) // a start every 10 ms
	fmt.Println(time.Since(begin) >= 50*time.Millisecond, err)
	// Output: true <nil>
}

func ExampleLimitBy() {
	urls := []string{"a.example/1", "a.example/2", "b.example/1", "a.example/3"}
	host := func(url string) string { h, _, _ := strings.Cut(url, "/"); return h }
	var atOnce atomic.Int32
	err := parfor.Each(context.Background(), urls, func(_ context.Context, url string) error {
		if host(url) == "a.example" {
			if atOnce.Add(1) > 1 {
				return errors.New("two at once")
			}
			defer atOnce.Add(-1)
		}
		return nil
	}, parfor.LimitBy(host, parfor.Limit{InFlight: 1}))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleLimitWeight() {
	sizes := []int{300, 200, 600, 100} // bytes of images, say: at most 700 in memory
	var now, most atomic.Int64
	err := parfor.Each(context.Background(), sizes, func(_ context.Context, size int) error {
		n := now.Add(int64(size))
		defer now.Add(int64(-size))
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return nil
	}, parfor.LimitWeight(func(size int) int { return size }, parfor.Limit{InFlight: 700}))
	fmt.Println(most.Load() <= 700, err)
	// Output: true <nil>
}

func ExampleAuto() {
	begin := time.Now()
	err := parfor.Each(context.Background(), parfor.Range(500), func(context.Context, int) error {
		time.Sleep(20 * time.Millisecond) // a request, say
		return nil
	}, parfor.Auto())
	fmt.Println(time.Since(begin) < 5*time.Second, err) // one after the other it is 10 s
	// Output: true <nil>
}

func ExampleWithControl() {
	var c parfor.Control
	err := parfor.Each(context.Background(), parfor.Range(1000), func(ctx context.Context, i int) error {
		if i == 10 {
			c.Stop()
		}
		return nil
	}, parfor.WithControl(&c), parfor.Workers(1))
	fmt.Println(errors.Is(err, parfor.ErrStopped))
	// Output: true
}

func ExampleControl_Pause() {
	var c parfor.Control
	c.Pause() // the loop begins, and waits
	ran := make(chan int)
	go func() {
		var n atomic.Int32
		err := parfor.Each(context.Background(), parfor.Range(100), func(context.Context, int) error { n.Add(1); return nil }, parfor.WithControl(&c))
		if err != nil {
			fmt.Println(err)
		}
		ran <- int(n.Load())
	}()
	for len(c.Loops()) == 0 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("running:", c.Loops()[0].Running)
	c.Resume()
	fmt.Println("ran:", <-ran)
	// Output:
	// running: 0
	// ran: 100
}

func ExampleControl_Resume() {
	var c parfor.Control
	c.Pause()
	c.Resume()
	fmt.Println(parfor.Each(context.Background(), parfor.Range(3), func(context.Context, int) error { return nil }, parfor.WithControl(&c)))
	// Output: <nil>
}

func ExampleControl_SetWorkers() {
	var c parfor.Control
	fmt.Println(c.SetWorkers(2), c.SetWorkers(0))
	// Output: <nil> parfor: invalid option: SetWorkers(0): must be at least 1; Pause stops all
}

func ExampleControl_Stop() {
	var c parfor.Control
	err := parfor.Each(context.Background(), parfor.Range(1000), func(ctx context.Context, i int) error {
		c.Stop()
		return nil
	}, parfor.WithControl(&c))
	fmt.Println(err)
	// Output: parfor: loop ended early: the loop was stopped by its Control
}

func ExampleControl_Kill() {
	var c parfor.Control
	_, err := parfor.Map(context.Background(), []string{"a", "b"}, func(ctx context.Context, s string) (string, error) {
		if s == "b" {
			c.Kill(1) // it hangs, somebody sees
			<-ctx.Done()
		}
		return s, nil
	}, parfor.WithControl(&c), parfor.KeepGoing())
	fmt.Println(err)
	// Output: parfor: item 1: the task was killed by a Control
}

func ExampleControl_RetryFailed() {
	var c parfor.Control
	var down atomic.Bool
	down.Store(true)
	out, err := parfor.Map(context.Background(), parfor.Range(5), func(_ context.Context, i int) (int, error) {
		switch {
		case i == 4: // the last one mends what made the others fail
			down.Store(false)
			c.RetryFailed()
		case down.Load():
			return 0, errors.New("connection refused")
		}
		return i * i, nil
	}, parfor.WithControl(&c), parfor.KeepGoing(), parfor.Workers(1))
	fmt.Println(out, err)
	// Output: [0 1 4 9 16] <nil>
}

func ExampleControl_Loops() {
	var c parfor.Control
	parfor.Each(context.Background(), parfor.Range(1), func(context.Context, int) error {
		fmt.Printf("%+v\n", c.Loops()[0])
		return nil
	}, parfor.WithControl(&c), parfor.Name("posts"), parfor.Workers(4))
	// Output: {Name:posts Running:1 Waiting:0 Workers:4 Failed:0 Paused:false}
}
