package compare

import (
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
	out, err := exec.CommandContext(ctx, e.cfg.PythonExe, "-c", "import requests").CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return nil, fmt.Errorf("%w: %s -c 'import requests': %w %s", ErrNoPython, e.cfg.PythonExe, err, lines[len(lines)-1])
	}
	dir, err := os.MkdirTemp("", "parfor-compare-")
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	e.script = filepath.Join(dir, "tutorial.py")
	if err := os.WriteFile(e.script, tutorialCode, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("compare: %w", err), os.RemoveAll(dir))
	}
	return func() error { return os.RemoveAll(dir) }, nil
}

// measurePython runs the program once. It keeps its own time; the start of the
// interpreter is not in it.
func (e *experiment) measurePython(ctx context.Context, w way, n int) (o outcome, err error) {
	keep := "combined"
	if w.shared {
		keep = "shared"
	}
	cmd := exec.CommandContext(ctx, e.cfg.PythonExe, e.script, w.executor, keep, w.python, e.api.url, strconv.Itoa(n), strconv.Itoa(w.inFlight))
	// Killed outright it would leave its pool behind; interrupted it ends that.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cpu := cpuTime()
	out, err := cmd.Output()
	o.cpu = cpuTime() - cpu
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return o, fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	var said struct {
		Took     float64
		Statuses map[int]int
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return o, fmt.Errorf("read Python's answer: %w", err)
	}
	o.took, o.answers = time.Duration(said.Took*float64(time.Second)), said.Statuses
	return o, nil
}
