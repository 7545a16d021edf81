package journalfile

import (
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("JOURNALFILE_WRITER"); path != "" {
		writeUntilKilled(path)
	}
	leak.Main(m)
}
