package dict_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// TestClaimsOfBodiesThatNeverReturn: a body that ends its goroutine, or is left
// behind, came to nothing like any other that failed.
func TestClaimsOfBodiesThatNeverReturn(t *testing.T) {
	t.Run("Goexit", func(t *testing.T) {
		d := fresh[string, int](t)
		err := parfor.Each(t.Context(), []int{0}, func(ctx context.Context, _ int) error {
			if mine, err := d.Claim(ctx, "k"); err != nil || !mine {
				t.Errorf("Claim = %v, %v", mine, err)
			}
			runtime.Goexit()
			return nil
		})
		if !errors.Is(err, parfor.ErrGoexit) {
			t.Fatal(err)
		}
		claimable(t, d)
	})
	t.Run("Abandon", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := fresh[string, int](t)
			leave := make(chan struct{})
			err := parfor.Each(t.Context(), []int{0}, func(ctx context.Context, _ int) error {
				if mine, err := d.Claim(ctx, "k"); err != nil || !mine {
					t.Errorf("Claim = %v, %v", mine, err)
				}
				<-leave
				return nil
			}, parfor.Timeout(time.Second), parfor.Grace(time.Second), parfor.Abandon())
			if !errors.Is(err, parfor.ErrTaskTimeout) {
				t.Fatal(err)
			}
			claimable(t, d)
			close(leave)
		})
	})
}

func claimable(t *testing.T, d *dict.Dict[string, int]) {
	t.Helper()
	got, err := parfor.Map(t.Context(), []string{"k"}, d.Claim)
	if err != nil || !got[0] {
		t.Errorf("the claim is not free: %v, %v", got, err)
	}
}
