package replica_test

import (
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

// reader is what this program does as another process, where it can be one.
var reader func()

func TestMain(m *testing.M) {
	if os.Getenv("REPLICA_READER") != "" && reader != nil {
		reader()
		return
	}
	leak.Main(m)
}
