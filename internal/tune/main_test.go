package tune_test

import (
	"testing"
	"time"

	"parfor.dev/parfor/internal/leak"
)

const ms = time.Millisecond

func TestMain(m *testing.M) { leak.Main(m) }
