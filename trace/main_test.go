package trace_test

import (
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(victimFile); path != "" {
		victim(path)
	}
	process.TestMain(leak.Around(m))
}
