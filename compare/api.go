package compare

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"parfor.dev/parfor/compare/mockapi"
)

// api is what is asked: a process of our own, or the user's URL.
type api struct {
	url   string
	cmd   *exec.Cmd      // nil for a URL
	stdin io.WriteCloser // closing it ends the process
	ctl   *http.Client
}

// startAPI starts the command and returns once it has printed its URL.
func startAPI(ctx context.Context, argv []string, cfg mockapi.Config) (*api, error) {
	if len(argv) == 0 {
		return nil, errors.New("compare: Config.Mock is empty: give the command that starts the API")
	}
	args := append(argv[1:len(argv):len(argv)], "--with-parent",
		"--latency", cfg.Latency.String(), "--jitter", cfg.Jitter.String(), "--errors", fmt.Sprint(cfg.Errors))
	cmd := exec.Command(argv[0], args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("compare: start the API: %w", err)
	}
	a := &api{cmd: cmd, stdin: stdin, ctl: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}}
	line := make(chan string, 1)
	go func() { // ends when the process does, which stop waits for
		s := bufio.NewScanner(stdout)
		s.Scan()
		line <- s.Text()
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case a.url = <-line:
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), a.stop())
	}
	if !strings.HasPrefix(a.url, "http://") {
		_ = a.stop()
		return nil, fmt.Errorf("compare: the API did not start: %s", strings.TrimSpace(a.url+" "+stderr.String()))
	}
	return a, nil
}

// stop ends the process and waits for it; it is killed if it will not go.
func (a *api) stop() error {
	if a.cmd == nil {
		return nil
	}
	_ = a.stdin.Close()
	t := time.AfterFunc(10*time.Second, func() { _ = a.cmd.Process.Kill() })
	defer t.Stop()
	return a.cmd.Wait()
}

// reset makes the API forget what it was asked.
func (a *api) reset(ctx context.Context) error {
	if a.cmd == nil {
		return nil
	}
	resp, err := a.request(ctx, http.MethodPost, "/reset")
	if err != nil {
		return fmt.Errorf("reset the API: %w", err)
	}
	return resp.Body.Close()
}

// log reads what the API was asked since the last reset.
func (a *api) log(ctx context.Context) (s mockapi.Stats, err error) {
	resp, err := a.request(ctx, http.MethodGet, "/stats?numbers")
	if err != nil {
		return s, fmt.Errorf("read the API's log: %w", err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("read the API's log: %w", err)
	}
	return s, nil
}

func (a *api) request(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, nil)
	if err != nil {
		return nil, err
	}
	return a.ctl.Do(req)
}

// eachOnce checks that every number below n stands in the log exactly once; while
// workers are being killed, lost of them may stand there or not.
func eachOnce(s mockapi.Stats, n, lost int) error {
	if s.Untracked > 0 {
		return fmt.Errorf("%d requests were beyond the API's log", s.Untracked)
	}
	for k, times := range s.Numbers {
		if k < 0 || k >= int64(n) || times != 1 {
			return fmt.Errorf("the API was asked %d times for number %d", times, k)
		}
	}
	if missing := n - len(s.Numbers); missing > lost {
		return fmt.Errorf("%d numbers never reached the API", missing)
	}
	return nil
}
