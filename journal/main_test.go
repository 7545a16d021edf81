package journal_test

import (
	"flag"
	"os"
	"testing"

	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedLoop); dir != "" { // and so in its workers
		flag.Parse()
		process.Main()
		runUntilKilled(dir)
		return
	}
	process.TestMain(leak.Around(m))
}
