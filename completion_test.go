package parfor

import (
	"context"
	"errors"
	"testing"
)

func TestC23_SecondCompletion(t *testing.T) {
	x := Sequential()
	f := Submit(t.Context(), x, func(_ context.Context, n int) (int, error) { return n, nil }, 1)
	if v, err := f.Result(t.Context()); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	for _, from := range []State{Pending, Running} {
		if f.begin() || f.end(from, Cancelled, errors.New("second"), nil) {
			t.Errorf("ended twice, from %v", from)
		}
	}
	if v, err := f.Result(t.Context()); v != 1 || err != nil || f.State() != Finished {
		t.Errorf("the second end changed the first: %v, %v, %v", v, err, f.State())
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}
