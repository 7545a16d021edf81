//go:build unix

package main

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// clusterHere is a node in a folder, whose agents the test starts itself.
func clusterHere(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	background(t, "parfor-node", "--dir", dir, "--no-agent")
	eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "address.json")); return err == nil })
	return dir
}

// background starts a program that ends with the test.
func background(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir, cmd.Stderr = t.TempDir(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it may have ended
		cmd.Wait()                       //nolint:errcheck
	})
	return cmd
}

// eventually waits for what other processes do.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to that")
		}
	}
}

// TestAgentKilledUnderACommand wants the items of an agent that is killed to be
// run by another, and what it had started to be ended.
func TestAgentKilledUnderACommand(t *testing.T) {
	if testing.Short() {
		t.Skip("others wait 5 s for an agent")
	}
	dir := clusterHere(t)
	first := background(t, "parfor", "worker", "--cluster", dir, "--allow-exec", "-j", "2")
	files := t.TempDir()
	run := parforCommand(t, "run", "--cluster", dir, "-k", "-j", "4", "-o", "out.json", "--progress", "none",
		`cd '`+files+`'; echo $$ >>begun; test -e go || { sleep 600 & echo $! >>left; wait; }; echo {}`, ":::", "a", "b", "c", "d")
	var out bytes.Buffer
	run.Stdout = &out
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	lines := func(name string) int {
		b, _ := os.ReadFile(filepath.Join(files, name))
		return strings.Count(string(b), "\n")
	}
	eventually(t, func() bool { return lines("left") == 2 && guarded(t, first.Process.Pid) >= 2 })
	if err := os.WriteFile(filepath.Join(files, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	background(t, "parfor", "worker", "--cluster", dir, "--allow-exec", "-j", "2")
	if err := run.Wait(); err != nil {
		t.Errorf("run: %v", err)
	}
	if out.String() != "a\nb\nc\nd\n" {
		t.Errorf("it printed %q", out.String())
	}
	if n := lines("begun"); n != 6 {
		t.Errorf("commands began %d times, want 4 and the 2 that were lost", n)
	}
	eventually(t, func() bool { return len(alive(t, filepath.Join(files, "left"))) == 0 })
}

// alive are the processes of a list that run.
func alive(t *testing.T, list string) (pids []string) {
	t.Helper()
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for pid := range strings.FieldsSeq(string(b)) {
		if out, err := exec.Command("ps", "-o", "stat=", "-p", pid).Output(); err == nil && !strings.HasPrefix(string(out), "Z") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestHeadersFromTheAgentsEnvironment wants a secret to be known where it is
// allowed, nowhere else, and no other to be had.
func TestHeadersFromTheAgentsEnvironment(t *testing.T) {
	var mu sync.Mutex
	var got []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get("Authorization"))
	}))
	defer api.Close()
	dir := clusterHere(t)
	t.Setenv("PARFOR_TEST_TOKEN", "Bearer agent")
	t.Setenv("PARFOR_TEST_OTHER", "Bearer other")
	background(t, "parfor", "worker", "--cluster", dir, "--allow-env", "PARFOR_TEST_TOKEN")
	t.Setenv("PARFOR_TEST_TOKEN", "Bearer submitter")
	send := func(args ...string) (string, error) {
		cmd := parforCommand(t, append([]string{"http", "--cluster", dir, "--progress", "none", "-k"}, args...)...)
		cmd.Stderr = nil
		b, err := cmd.CombinedOutput()
		return string(b), err
	}
	if out, err := send("--env-header", "Authorization=PARFOR_TEST_TOKEN", api.URL+"/{}", ":::", "a", "b"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(got) != 2 || got[0] != "Bearer agent" || got[1] != "Bearer agent" {
		t.Errorf("it got %q", got)
	}
	out, err := send("--env-header", "Authorization=PARFOR_TEST_OTHER", api.URL+"/{}", ":::", "a")
	if err == nil || !strings.Contains(out, "start it with --allow-env PARFOR_TEST_OTHER") {
		t.Errorf("%v: %s", err, out)
	}
	out, err = send("http://me:secret@"+strings.TrimPrefix(api.URL, "http://")+"/{}", ":::", "a")
	if err == nil || !strings.Contains(out, "would lie on the cluster's disks") || len(got) != 2 {
		t.Errorf("%v: %s; %d requests", err, out, len(got))
	}
}

// TestNoServerInParfor wants parfor lean: the server is parfor-node's.
func TestNoServerInParfor(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Skipf("there is no go: %v %s", err, out)
	}
	if !strings.Contains(string(out), "parfor.dev/parfor/cluster\n") || strings.Contains(string(out), "nats-server") {
		t.Errorf("parfor links\n%s", out)
	}
}

// TestSecondInterruptEndsCommandsOfAgents wants what runs elsewhere to end, too.
func TestSecondInterruptEndsCommandsOfAgents(t *testing.T) {
	dir := clusterHere(t)
	background(t, "parfor", "worker", "--cluster", dir, "--allow-exec", "-j", "2")
	files := t.TempDir()
	run := parforCommand(t, "run", "--cluster", dir, "-j", "1", "--progress", "none", "-o", "out.json",
		`cd '`+files+`'; sleep 600 & echo $! >>left; wait; : {}`, ":::", "a", "b")
	stderr, err := pipeStderr(run)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill() }) //nolint:errcheck // it has ended, if all went well
	eventually(t, func() bool {
		b, _ := os.ReadFile(filepath.Join(files, "left"))
		return strings.Contains(string(b), "\n")
	})
	r := &interruptible{Cmd: run, dir: run.Dir}
	r.said = bufio.NewScanner(stderr)
	r.signal(t, os.Interrupt)
	r.hear(t, "finishing what runs")
	r.signal(t, os.Interrupt)
	r.hear(t, "it goes on with: parfor run --resume --cluster")
	if err := run.Wait(); run.ProcessState.ExitCode() != 128+int(syscall.SIGINT) {
		t.Error(err)
	}
	if left := alive(t, filepath.Join(files, "left")); len(left) > 0 {
		t.Errorf("%v still run", left)
	}
}
