package agent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func want(t *testing.T, what string, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

// What is reserved and held stays within the slots; lanes beyond that ask for
// one, and nobody asks while as much is held as there are slots.
func TestCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCredit(3)
		n, reserved := c.take(t.Context(), false)
		if n != 3 || !reserved {
			t.Fatalf("%d, %v", n, reserved)
		}
		if n, reserved := c.take(t.Context(), false); n != 1 || reserved {
			t.Errorf("all is reserved: %d, %v", n, reserved)
		}
		for range 3 {
			c.hold(true)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan int)
		go func() { n, _ := c.take(ctx, true); ended <- n }()
		synctest.Wait()
		cancel()
		want(t, "after the end of the context", <-ended, 0)
		got := make(chan int)
		go func() { n, _ := c.take(t.Context(), false); got <- n }()
		synctest.Wait()
		select {
		case n := <-got:
			t.Errorf("%d were to be had while all slots were held", n)
		default:
		}
		c.release()
		want(t, "after a release", <-got, 1)
		c.cancel(1)
	})
}

// Short chunks may wait here, long ones not.
func TestCreditLooksAhead(t *testing.T) {
	c := newCredit(4)
	c.note(2 * time.Second)
	want(t, "limit for long chunks", c.limit, 4)
	for range 200 {
		c.note(5 * time.Millisecond)
	}
	want(t, "limit for chunks of 5 ms", c.limit, 4+15) // the mean is a little above
	for range 200 {
		c.note(time.Microsecond)
	}
	want(t, "limit for the shortest", c.limit, 4+maxAhead)
}
