package compare

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ErrNoPython means that there is no Python with requests to compare with.
var ErrNoPython = errors.New("compare: Python can't run the tutorial's code here")

//go:embed tutorial.py
var tutorialCode []byte

// pythonWays are the tutorial's five, in its own language.
func (c Config) pythonWays() []way {
	if c.Python == "" || c.Body.Kind != Post {
		return nil
	}
	s := way{executor: "sequential", inFlight: 1, python: c.Python}
	p := way{executor: "processes", inFlight: pythonProcesses(), python: c.Python}
	t := way{executor: "threads", inFlight: pythonThreads(), python: c.Python}
	return []way{s, p, p.sharing(), t, t.sharing()}
}

// pythonSeries are its two pools with k in flight, 0 for their own defaults.
func (c Config) pythonSeries(k int) []way {
	if ways := c.pythonWays(); ways != nil {
		p, t := ways[1], ways[3]
		if k > 0 {
			p.inFlight, t.inFlight = k, k
		}
		return []way{t, p}
	}
	return nil
}

// preparePython checks that requests is there and writes the program down:
// started processes import it by its path.
func (e *experiment) preparePython(ctx context.Context) (cleanUp func() error, err error) {
	if e.cfg.pythonWays() == nil {
		return func() error { return nil }, nil
	}
	if err := findPython(ctx, e.cfg.PythonExe); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parfor-") // short: sockets of Python's go below it
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	e.script = filepath.Join(dir, "tutorial.py")
	if err := os.WriteFile(e.script, tutorialCode, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("compare: %w", err), os.RemoveAll(dir))
	}
	return func() error { return os.RemoveAll(dir) }, nil
}

// findPython says what is missing and how to get it.
func findPython(ctx context.Context, exe string) error {
	path, err := exec.LookPath(exe)
	if err != nil {
		return fmt.Errorf("%w: %w: install Python 3, with requests", ErrNoPython, err)
	}
	cmd := exec.CommandContext(ctx, path, "-c", "import requests")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err = runGroup(cmd)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case strings.Contains(stderr.String(), "No module named 'requests'"):
		return fmt.Errorf("%w: %s has no requests: %s -m pip install requests", ErrNoPython, path, exe)
	}
	return fmt.Errorf("%w: %s -c 'import requests': %w: %s", ErrNoPython, path, err, lastLine(stderr.String()))
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// measurePython runs the program once. It keeps its own time; the start of the
// interpreter is not in it.
func (e *experiment) measurePython(ctx context.Context, w way, n int) (o outcome, err error) {
	keep := "combined"
	if w.shared {
		keep = "shared"
	}
	cmd := exec.CommandContext(ctx, e.cfg.PythonExe, e.script, w.executor, keep, w.python, e.api.url, strconv.Itoa(n), strconv.Itoa(w.inFlight))
	// Killed in the middle it can't remove the sockets of its manager; we can.
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(e.script))
	var stdout bytes.Buffer
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cpu := cpuTime()
	// Its pool is of the same group, and no worker of it survives a ^C.
	err = runGroup(cmd)
	o.cpu = cpuTime() - cpu
	if err != nil {
		return o, fmt.Errorf("%w: %s", err, lastLine(stderr.String()))
	}
	var said struct {
		Took     float64
		Statuses map[int]int
	}
	if err := json.Unmarshal(stdout.Bytes(), &said); err != nil {
		return o, fmt.Errorf("read Python's answer: %w", err)
	}
	o.took, o.answers = time.Duration(said.Took*float64(time.Second)), said.Statuses
	return o, nil
}
