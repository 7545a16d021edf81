package oracle

import (
	"flag"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict/dicttest"
	"parfor.dev/parfor/internal/leak"
	"parfor.dev/parfor/process"
)

var commits = flag.Int("commits", usualCommits, "tasks of each run of the oracle")

func TestMain(m *testing.M) {
	flag.Parse()
	process.TestMain(leak.Around(m))
}

// settings are runs with many conflicts and with few.
var settings = map[string]setting{
	"FewKeys":              {keys: 5},
	"ManyKeys":             {keys: 2000},
	"FewKeysSerializable":  {keys: 20, strict: true},
	"ManyKeysSerializable": {keys: 5000, strict: true},
}

func TestD2_CommitsAreOneOrder_Goroutines(t *testing.T) {
	for name, s := range settings {
		t.Run(name, func(t *testing.T) {
			dicttest.Fresh(t)
			s.commits = *commits
			o, err := run(t.Context(), parfor.Goroutines(8), s)
			t.Log(o)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestD2_CommitsAreOneOrder_ProcessesUnderKills(t *testing.T) {
	for name, s := range settings {
		t.Run(name, func(t *testing.T) { replayKilled(t, s) })
	}
	t.Run("ItemsPerWorker", func(t *testing.T) { replayKilled(t, setting{keys: 300}, process.ItemsPerWorker(3)) })
}

func replayKilled(t *testing.T, s setting, opts ...process.Option) {
	dicttest.Fresh(t)
	s.commits = *commits
	o, err := killed(t, s, opts...)
	t.Log(o)
	if err != nil {
		t.Fatal(err)
	}
}
