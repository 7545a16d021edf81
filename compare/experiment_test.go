package compare

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor/compare/mockapi"
	"parfor.dev/parfor/compare/report"
)

func laidOut(t *testing.T, cfg Config) *experiment {
	t.Helper()
	cfg = cfg.withDefaults()
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	e := &experiment{cfg: cfg, api: &api{}, rep: &report.Report{}, rule: ruleFor(cfg.Body, cfg.API, true)}
	e.layOut()
	return e
}

func defaultConfig() Config {
	return Config{API: mockapi.Config{Latency: 5 * time.Millisecond, NotFoundEvery: 50}, Budget: time.Minute}
}

func TestDefaultPlanIsTheTranscripts(t *testing.T) {
	e := laidOut(t, defaultConfig())
	if got := len(e.rep.Ways.Ways); got != 5 {
		t.Errorf("%d ways", got)
	}
	if !slices.Equal(e.rep.Grid.Sizes, TutorialSizes()) || len(e.rep.Grid.Series) != 3 {
		t.Errorf("grid %v × %v", e.rep.Grid.Sizes, e.rep.Grid.Series)
	}
	// Five ways, nine sizes on three executors, two inserts, three primes;
	// sequential at 500 is in both blocks and measured once.
	if got := len(e.cells); got != 5+27-1+2+3 {
		t.Errorf("%d cells", got)
	}
	c := e.cells[0]
	c.record(outcome{took: 3 * time.Second}, 1, 0)
	if len(e.rep.Ways.Ways[0].Runs) != 1 || len(e.rep.Grid.Cell(500, "sequential").Runs) != 1 {
		t.Error("a run of sequential at 500 does not count in both blocks")
	}
}

func TestEstimatesScaleFromWhatWasMeasured(t *testing.T) {
	e := laidOut(t, defaultConfig())
	big := func() *cell {
		for _, c := range e.cells {
			if c.way == sequential() && c.job.n == 1000 {
				return c
			}
		}
		return nil
	}()
	if d := e.estimate(big); d != 5*time.Second {
		t.Errorf("before anything ran: %v, want the latencies", d)
	}
	e.cells[0].record(outcome{took: 2900 * time.Millisecond}, 1, 0)
	if d := e.estimate(big); d != 5800*time.Millisecond {
		t.Errorf("after 500 took 2.9 s: %v", d)
	}
	if err := e.once(t.Context(), big, 1); err != nil || !big.gone {
		t.Errorf("a cell over the limit was not left out: %v", err)
	}
	if c := e.rep.Grid.Cell(1000, "sequential"); c == nil || c.Skipped != "over 5 s" || c.Estimate != 5.8 {
		t.Errorf("%+v", c)
	}
}

func TestSizesAskedForAreNeverLeftOut(t *testing.T) {
	cfg := defaultConfig()
	cfg.Sizes, cfg.API.Latency = []int{500}, 200*time.Millisecond
	for _, c := range laidOut(t, cfg).cells {
		if c.limited {
			t.Errorf("%s at %d may be left out", c.way, c.job.n)
		}
	}
}

func TestTutorialTakesAsLongAsPrinted(t *testing.T) {
	cfg := defaultConfig()
	cfg.Tutorial, cfg.API.Latency = true, 200*time.Millisecond
	e := laidOut(t, cfg)
	var sum time.Duration
	for _, c := range e.cells {
		sum += c.job.floor(c.way, 0)
	}
	// 500 five times, then 19,165 requests on each pool; 500 is shared.
	cores, threads := time.Duration(pythonProcesses()), time.Duration(pythonThreads())
	all := 200 * time.Millisecond
	want := all*500 + all*(500+19165)/cores + all*(500+19165)/threads
	if diff := sum - want; diff.Abs() > time.Second {
		t.Errorf("%v, want %v", sum, want)
	}
}

func TestChecks(t *testing.T) {
	r := rule(func(n int) int { return 200 })
	for name, c := range map[string]struct {
		got  map[int]int
		lost int
		want string
	}{
		"right":     {map[int]int{0: 200, 1: 200}, 0, ""},
		"one lost":  {map[int]int{1: 200}, 1, ""},
		"missing":   {map[int]int{1: 200}, 0, "1 keys instead of 2"},
		"foreign":   {map[int]int{0: 200, 2: 200}, 0, "key 2 is none"},
		"wrong":     {map[int]int{0: 200, 1: 404}, 0, "number 1 -> 404 instead of 200"},
		"too many":  {map[int]int{0: 200, 1: 200, 2: 200}, 0, "3 keys"},
		"untouched": {nil, 0, "0 keys"},
	} {
		if err := r.compareWith(c.got, 2, c.lost); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		log  map[int64]uint32
		lost int
		ok   bool
	}{
		"once each":       {map[int64]uint32{0: 1, 1: 1}, 0, true},
		"twice":           {map[int64]uint32{0: 1, 1: 2}, 0, false},
		"never":           {map[int64]uint32{0: 1}, 0, false},
		"lost on arrival": {map[int64]uint32{0: 1}, 1, true},
		"unknown":         {map[int64]uint32{0: 1, 7: 1}, 0, false},
	} {
		if err := eachOnce(mockapi.Stats{Numbers: c.log}, 2, c.lost); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnImpossibleTimeIsAProblem(t *testing.T) {
	e := laidOut(t, defaultConfig())
	j := e.loop(100)
	answers := map[int]int{}
	for n := range 100 {
		answers[n] = e.rule(n)
	}
	if err := e.check(t.Context(), goroutines(16), j, outcome{took: 30 * time.Millisecond, answers: answers}); err == nil || !strings.Contains(err.Error(), "impossible") {
		t.Errorf("100 × 5 ms / 16 in 30 ms: %v", err)
	}
	if err := e.check(t.Context(), goroutines(16), j, outcome{took: 32 * time.Millisecond, answers: answers}); err != nil {
		t.Errorf("in 32 ms: %v", err)
	}
}

func TestPrimesAgreeWithTheSieve(t *testing.T) {
	r := ruleFor(Body{Kind: CPU, Limit: 100_000}, mockapi.Config{}, true)
	sum := 0
	for n := range primeChunks {
		if got := primes(n, 100_000); got != r(n) {
			t.Errorf("chunk %d: %d, the sieve says %d", n, got, r(n))
		}
		sum += r(n)
	}
	if sum != 9592 {
		t.Errorf("%d primes below 100,000", sum)
	}
}

func TestTheNoteOnComputingFollowsFromTheNumbers(t *testing.T) {
	runs := func(seconds ...report.Seconds) (rs []report.Run) {
		for _, s := range seconds {
			rs = append(rs, report.Run{Took: s})
		}
		return rs
	}
	for _, c := range []struct {
		goroutines, processes []report.Run
		want                  string
	}{
		{runs(1), runs(1), "not in Go"},
		{runs(2), runs(1), "can't be told apart"},
		{runs(2, 2, 2, 2, 2), runs(1, 1, 1, 1, 1), "processes were faster here"},
		{nil, runs(1), ""},
	} {
		b := report.Block{Ways: []report.Way{{Name: "goroutines", Runs: c.goroutines}, {Name: "processes", Runs: c.processes}}}
		if got := cpuNote(b); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v and %v: %q", c.goroutines, c.processes, got)
		}
	}
}

func TestSaveReplacesOnlyItsOwn(t *testing.T) {
	dir := t.TempDir()
	for _, ending := range []string{".html", ".json", ".csv", ".svg"} {
		path := filepath.Join(dir, "report"+ending)
		for range 2 {
			if err := Save(path, laidOut(t, defaultConfig()).rep); err != nil {
				t.Errorf("%s: %v", ending, err)
			}
		}
		if err := os.WriteFile(path, []byte("dear diary"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Save(path, &report.Report{}); !errors.Is(err, ErrForeignFile) {
			t.Errorf("%s over a foreign file: %v", ending, err)
		}
		if b, _ := os.ReadFile(path); string(b) != "dear diary" {
			t.Errorf("%s was touched", ending)
		}
	}
	if err := Save(filepath.Join(dir, "x.png"), &report.Report{}); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".parfor*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	c := Config{Sizes: []int{0}, InFlight: -1, Runs: -1, Budget: -1, Python: "2", API: mockapi.Config{Latency: -1, Drops: 0.5}}
	err := c.Check()
	for _, word := range []string{"size 0", "-1 in flight", "-1 runs", "budget", "python", "latency", "drops"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q is missing in %v", word, err)
		}
	}
}
