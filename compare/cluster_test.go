package compare

import (
	"context"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
)

// The cluster is a fourth line: measured like the others, its start included,
// with the function that agents have.
func TestClusterIsALineOfTheChart(t *testing.T) {
	opened := 0
	open := func(context.Context) (parfor.Executor, error) {
		opened++
		return parfor.Goroutines(2), nil
	}
	rep, err := Run(t.Context(), Config{Body: Body{Kind: Sleep, Sleep: time.Millisecond}, Sizes: []int{4, 8}, InFlight: 2, Runs: 1,
		Budget: time.Second, Cluster: open, Files: []string{t.TempDir() + "/c.json"}})
	if err != nil || len(rep.Checks.Problems) > 0 {
		t.Fatalf("%v, %v", err, rep.Checks.Problems)
	}
	s := rep.Grid.Series[len(rep.Grid.Series)-1]
	if len(rep.Grid.Series) != 4 || s.Name != "cluster x2" || s.Letter != "c" || !s.StartIncluded {
		t.Errorf("%+v", rep.Grid.Series)
	}
	if opened != 2 || len(rep.Grid.Cell(8, s.Key).Runs) != 1 {
		t.Errorf("opened %d times, %+v", opened, rep.Grid.Cell(8, s.Key))
	}
	e := laidOut(t, Config{Body: Body{Kind: Sleep}, Sweep: []int{1, 4}, Sizes: []int{8}, Cluster: open})
	if n := len(e.rep.Sweep.Series); n != 4 || e.rep.Sweep.Series[3].Name != "cluster" {
		t.Errorf("%+v", e.rep.Sweep.Series)
	}
}

// Who may have agents measured may not have them run programs.
func TestAgentsRunNoCommands(t *testing.T) {
	_, err := parfor.Map(t.Context(), []int{1}, taskOfAgent, parfor.With(work{Body: Body{Kind: Command}, Command: []string{"true"}}))
	if err == nil || !strings.Contains(err.Error(), "agents run no commands") {
		t.Errorf("got %v", err)
	}
	err = Config{Command: []string{"true"}, Cluster: func(context.Context) (parfor.Executor, error) { return nil, nil }}.Check()
	if err == nil || !strings.Contains(err.Error(), "a command on a cluster") {
		t.Errorf("got %v", err)
	}
}
