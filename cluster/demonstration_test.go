package cluster_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/dict/dicttest"
)

// Everything there is gets killed in turn: workers, an agent, the program with
// the loop, twice, and the leader of three servers. Every item has one result, the
// same for whoever saw it, each is counted once in a dictionary, and nothing is
// left in the cluster.
//
//	go test . -run ServersEverythingKilled -faults -v -count 3
func TestServersEverythingKilled(t *testing.T) {
	dicttest.Fresh(t)
	c := three(t)
	const n = 100_000
	const name = "everything"
	agentProcess(t, c.URL(), 4)
	victim := agentProcess(t, c.URL(), 4)
	var before []map[int]string

	first := callerProcess(t, c.URL(), name, n)
	first.until(t, 5_000)
	for range 3 {
		killWorker(t, victim.Process.Pid)
	}
	first.until(t, 15_000)
	kill(t, victim)
	agentProcess(t, c.URL(), 4)
	first.until(t, 30_000)
	kill(t, first.cmd)
	first.until(t, n)
	before = append(before, first.seen)

	next := callerProcess(t, c.URL(), name, n) // the same program, run again
	next.until(t, 50_000)
	leader := c.LeaderOf("PF_default_R")
	c.Kill(leader)
	next.until(t, 70_000)
	kill(t, next.cmd)
	next.until(t, n)
	before = append(before, next.seen)

	x := connected(t, c.URL(), cluster.Replicas(3), cluster.Lease(life))
	got, resumed := map[int]string{}, 0
	for r, err := range cluster.Attach(long(t), x, name, once, parfor.Attempts(3)) {
		if err != nil {
			tell(t, c.URL())
			t.Fatalf("after %d results: %v", len(got), err)
		}
		if _, twice := got[r.Index]; twice {
			t.Errorf("item %d came twice", r.Index)
		}
		if got[r.Index] = r.Out; r.Resumed {
			resumed++
		}
	}
	same(t, n, got, before...)
	counted(t, n)
	t.Logf("%d results; %d and %d were seen by those that were killed, %d came from them", len(got), len(before[0]), len(before[1]), resumed)
	if resumed >= n || len(before[1]) >= n {
		t.Error("nothing was left to do")
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, c.URL())
}

// killWorker kills a child of a process.
func killWorker(t *testing.T, parent int) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(parent) + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(child); err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
				return
			}
		}
	}
	t.Error("there was no worker to kill")
}
