//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var httpKills = flag.Int("http-kills", 5, "how often TestKilledHTTP kills the command")

// mockStats is what the API has seen.
type mockStats struct {
	Requests, Distinct int
	Numbers            map[string]int
}

func (s mockStats) again() (n int) {
	for _, seen := range s.Numbers {
		n += seen - 1
	}
	return n
}

// TestKilledHTTP kills -9 a run of requests at random moments and resumes it
// each time. The API has then seen every number; more than once only such as
// were in flight at a kill, and at most once more for each of those.
func TestKilledHTTP(t *testing.T) {
	const items, workers = 2000, 8
	url := startMock(t, "--latency", "2ms")
	dir := t.TempDir()
	args := []string{"http", "-i", fmt.Sprint("1..", items), "-j", fmt.Sprint(workers), "--progress", "none", "-q", "-o", "out.jsonl", "--resume",
		"--expect", "2xx,404", "POST", url, "--data-json", `{"number":"{}"}`, "--idempotency-key", "{}"}
	for kill := range *httpKills {
		cmd := parforCommand(t, args...)
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Somewhere in what is left, by what the API has seen.
		left := items - stats(t, url).Distinct
		until := stats(t, url).Requests + 1 + rand.IntN(max(left/(*httpKills-kill), 1))
		for stats(t, url).Requests < until {
			time.Sleep(time.Millisecond) // asking is all one can do
		}
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // it was killed
	}
	cmd := parforCommand(t, args...)
	cmd.Dir = dir
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	s := stats(t, url)
	if s.Distinct != items || s.again() > *httpKills*workers {
		t.Errorf("%d of %d numbers seen, %d requests more than that", s.Distinct, items, s.again())
	}
	for n, seen := range s.Numbers {
		if seen > 1+*httpKills {
			t.Errorf("number %s was seen %d times", n, seen)
		}
	}
	t.Logf("%d kills: the API saw %d numbers, %d of them again", *httpKills, s.Distinct, s.again())
	kept := map[string]int{}
	b, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var r struct {
			Key, Status string
			Body        struct{ Number int }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if kept[r.Key]++; r.Status != "ok" || fmt.Sprint(r.Body.Number) != r.Key {
			t.Errorf("kept: %s", line)
		}
	}
	if len(kept) != items {
		t.Errorf("%d answers kept, want %d", len(kept), items)
	}
}

// startMock starts parfor mock and ends it with the test.
func startMock(t *testing.T, args ...string) (url string) {
	t.Helper()
	cmd := parforCommand(t, append([]string{"mock"}, args...)...)
	cmd.Stderr = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line) + "/"
}

func stats(t *testing.T, url string) (s mockStats) {
	t.Helper()
	resp, err := http.Get(url + "stats?numbers=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return s
}
