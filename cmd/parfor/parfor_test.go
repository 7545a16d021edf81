package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parfor.dev/parfor/internal/leak"

	"parfor.dev/parfor/cmd/parfor/internal/node"
)

// TestMain lets the test binary be the command: scripts start it as parfor, it
// starts itself as the API and as worker processes. It is parfor-node, too.
func TestMain(m *testing.M) {
	testscript.Main(leak.Around(m), map[string]func(){"parfor": main, "parfor-node": func() { os.Exit(node.Main()) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		// With -race each command would wait a second for late races at its end.
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=20 "+os.Getenv("GORACE"))
			env.Values[ttyKey{}] = new(*ttySession)
			return nil
		},
		Cmds:      scriptCommands(),
		Condition: condition,
	})
}

// scriptCommands are those that scripts have besides testscript's own.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := maps.Clone(ttyCommands)
	if all == nil {
		all = map[string]func(*testscript.TestScript, bool, []string){}
	}
	all["exits"] = exits
	all["appears"] = appears
	all["server"] = natsServer
	all["deployed"] = deployed
	return all
}

// exits runs a command and wants an exit code: exits 2 parfor mock --what
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if (got == want) == neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// appears waits until a file is there that another process makes: appears FILE
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("appears FILE")
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never came", args[0])
		}
	}
}

// parforCommand starts the command outside a script.
func parforCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := exec.LookPath("parfor")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Stderr = t.Output()
	cmd.Dir = t.TempDir()
	return cmd
}

func TestMockAnswersUntilInterrupted(t *testing.T) {
	cmd := parforCommand(t, "mock", "--latency", "1ms")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill() //nolint:errcheck // it has ended, if all went well
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	resp, err := http.Post(lines.Text(), "application/json", strings.NewReader(`{"number":50}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 404 {
		t.Errorf("number 50: %d", resp.StatusCode)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after ^C: %v", err)
	}
}

func TestCompareKeepsWhatIsMeasuredWhenInterrupted(t *testing.T) {
	cmd := parforCommand(t, "compare", "--sizes", "5,400", "--latency", "20ms", "-o", "kept.json")
	stderr, err := pipeStderr(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill() //nolint:errcheck // it has ended, if all went well
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "run 1") {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v, want exit code 130", err)
	}
	b, err := os.ReadFile(cmd.Dir + "/kept.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Interrupted bool
		Ways        struct{ Ways []struct{ Runs []any } }
	}
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	runs := 0
	for _, w := range kept.Ways.Ways {
		runs += len(w.Runs)
	}
	if !kept.Interrupted || runs == 0 {
		t.Errorf("interrupted: %v, %d runs", kept.Interrupted, runs)
	}
}

func pipeStderr(cmd *exec.Cmd) (*os.File, error) {
	cmd.Stderr = nil
	r, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	return r.(*os.File), nil
}

func TestUnits(t *testing.T) {
	var s share
	var r rate
	var z size
	for text, want := range map[string]float64{"2%": 0.02, "0.5": 0.5, "0": 0, "100%": 1} {
		if err := s.Set(text); err != nil || float64(s) != want {
			t.Errorf("share %s: %v %v", text, s, err)
		}
	}
	for text, want := range map[string]float64{"50/s": 50, "600/m": 10, "3600/h": 1, "5": 5} {
		if err := r.Set(text); err != nil || float64(r) != want {
			t.Errorf("rate %s: %v %v", text, float64(r), err)
		}
	}
	for text, want := range map[string]int{"1MB": 1e6, "4KiB": 4096, "17": 17, "2kb": 2000} {
		if err := z.Set(text); err != nil || int(z) != want {
			t.Errorf("size %s: %d %v", text, z, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "200%", "NaN", "5/y", "1TBB", "9999999999GB"} {
		if s.Set(text) == nil && text != "5/y" || r.Set(text) == nil || z.Set(text) == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
