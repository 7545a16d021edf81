package replica_test

import (
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) {
	if os.Getenv("REPLICA_READER") != "" {
		reader()
		return
	}
	leak.Main(m)
}
