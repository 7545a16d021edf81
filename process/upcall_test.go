//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/process"
)

// callKind is one that no package of ours uses.
const callKind = 250

func init() {
	call.Handle(callKind, func(req []byte) ([]byte, error) {
		switch {
		case string(req) == "panic":
			panic("handler")
		case strings.HasPrefix(string(req), "no"):
			return nil, fmt.Errorf("refused: %s", req)
		}
		return append([]byte("re: "), req...), nil
	})
}

func ask(_ context.Context, what string) (string, error) {
	b, err := call.ToOwner(callKind, []byte(what))
	return string(b), err
}

var _ = parfor.Register(ask)

func TestWorkersAskTheOwner(t *testing.T) {
	p := pool(t, 2, process.ItemsPerWorker(4))
	big := strings.Repeat("x", 3<<20)
	items := []string{"a", "no thanks", big, "panic"}
	for i := range 200 {
		items = append(items, fmt.Sprint(i))
	}
	out, err := parfor.Map(t.Context(), items, ask, parfor.On(p), parfor.KeepGoing())
	failed := parfor.Failed(err)
	if len(failed) != 2 || !strings.Contains(fmt.Sprint(failed[1]), "refused: no thanks") || !strings.Contains(fmt.Sprint(failed[3]), "handler") {
		t.Fatalf("failed: %v", failed)
	}
	for i, s := range out {
		if failed[i] == nil && s != "re: "+items[i] {
			t.Errorf("item %d: %.20q", i, s)
		}
	}
}

func TestConstantsTravelOnce(t *testing.T) {
	p := pool(t, 2)
	big := make([]byte, 3<<20)
	big[len(big)-1] = 7
	out, err := parfor.Map(t.Context(), upTo(50), last, parfor.On(p), parfor.With(big))
	if err != nil || out[49] != 7 {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := parfor.Map(t.Context(), upTo(50), last, parfor.On(p)); err == nil || errors.Is(err, parfor.ErrClosed) {
		t.Errorf("without the constant: %v", err)
	}
}

func last(ctx context.Context, _ int) (byte, error) {
	b := parfor.Arg[[]byte](ctx)
	return b[len(b)-1], nil
}

var _ = parfor.Register(last)
