package httpstatus

import (
	"context"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

type ctx = context.Context

// one is a source of one item.
func one(yield func(int) bool) { yield(0) }
