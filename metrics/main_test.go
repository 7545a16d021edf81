package metrics_test

import (
	"testing"

	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) { process.TestMain(leak.Around(m)) }
