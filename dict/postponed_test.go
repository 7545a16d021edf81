package dict_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// A task that waits for its second attempt may be the one that wakes those who
// wait in their bodies: that is no deadlock, unless no worker is left for it.
func TestNoDeadlockWhileATaskIsPostponed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, err := dict.MakeEvent(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		tries := 0
		body := func(ctx context.Context, item int) error {
			if item == 0 {
				return set.Wait(ctx)
			}
			if tries++; tries == 1 {
				return parfor.RetryAfter(time.Hour, errors.New("not yet"))
			}
			return set.Set(ctx)
		}
		if err := parfor.Each(t.Context(), []int{0, 1}, body, parfor.Workers(2), parfor.Attempts(2)); err != nil {
			t.Errorf("with a worker to spare: %v", err)
		}
	})
}
