package results

import (
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

// TestMain lets the test binary be the run that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("RESULTS_WRITER"); path != "" {
		appendUntilKilled(path)
	}
	leak.Main(m)
}
