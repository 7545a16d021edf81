package cluster_test

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/metrics"
	"parfor.dev/parfor/observe"
)

// The page of package metrics has what agents and loops of this program did.
func TestMetrics(t *testing.T) {
	s := serverAt(t)
	const space = "metrics" // of this test's own: counters are the program's
	x := connected(t, s.URL(), cluster.Namespace(space))
	end := serve(t, s.URL(), 2, cluster.Namespace(space))
	slotsOf(t, x, 2)
	before := page(t)
	if n := before["parfor_agent_slots"]; n != 2 {
		t.Errorf("%v slots", n)
	}
	const n = 500
	if _, err := parfor.Map(within(t), parfor.Range(n), square, parfor.On(x)); err != nil {
		t.Fatal(err)
	}
	if _, err := parfor.Map(within(t), []string{"error", "well"}, ends, parfor.On(x), parfor.KeepGoing()); len(parfor.Failed(err)) != 1 {
		t.Fatal(err)
	}
	if _, err := parfor.Map(within(t), []int{9 << 20}, large, parfor.On(x)); err != nil {
		t.Fatal(err)
	}
	end()
	x.Close()
	got := page(t)
	for name := range got {
		if family, _, _ := strings.Cut(name, " "); strings.HasSuffix(family, "_total") || strings.HasSuffix(family, "_count") {
			got[name] -= before[name]
		}
	}
	for name, want := range map[string]float64{
		"parfor_agent_slots": 0, "parfor_agent_chunks_held": 0, "parfor_agent_items_running": 0,
		`parfor_agent_items_total outcome="ok"`: n + 2, `parfor_agent_items_total outcome="failed"`: 1,
		`parfor_agent_items_total outcome="poisoned"`: 0, "parfor_agent_results_refused_total": 0,
		"parfor_cluster_loops_active": 0, "parfor_cluster_items_in_flight": 0,
		"parfor_agent_chunks_pulled_total": got["parfor_cluster_chunks_sent_total"],
	} {
		if v, there := got[name]; !there || v != want {
			t.Errorf("%s: %v, want %v (%v)", name, v, want, there)
		}
	}
	for name, least := range map[string]float64{"parfor_cluster_chunks_sent_total": 3, "parfor_cluster_commit_duration_seconds_count": 3,
		"parfor_agent_large_bytes_total": 9 << 20, "parfor_cluster_large_bytes_total": 9 << 20} {
		if got[name] < least {
			t.Errorf("%s: %v, want %v at least", name, got[name], least)
		}
	}
}

// page reads the samples of the test's namespace: by name, and labels beside it.
func page(t *testing.T) map[string]float64 {
	t.Helper()
	var b bytes.Buffer
	if _, err := metrics.New().WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	samples := map[string]float64{}
	for lines := bufio.NewScanner(&b); lines.Scan(); {
		name, rest, ok := strings.Cut(lines.Text(), `{namespace="metrics"`)
		if !ok {
			continue
		}
		labels, value, _ := strings.Cut(rest, "} ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(lines.Text(), err)
		}
		samples[strings.TrimSpace(name+" "+strings.TrimPrefix(labels, ","))] = v
	}
	return samples
}

// loopWith runs a loop that an observer sees.
func loopWith(t *testing.T, x *cluster.Executor, o observe.Observer) {
	t.Helper()
	if _, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(x), parfor.Observe(o)); err != nil {
		t.Fatal(err)
	}
}
