//go:build !race

// The pages are checked without the race detector: the scripts run the same
// command with it.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// recipeHost stands in the pages for the API of this file.
const recipeHost = "https://api.example"

// TestRecipes runs the commands of the pages, each block in a folder of its own
// with the files of recipes.md, and compares what they print.
func TestRecipes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pages are for a shell")
	}
	fixtures := fixturesOf(t, "../../docs/recipes.md")
	for _, name := range []string{"../../docs/recipes.md", "../../docs/run.md"} {
		lines := strings.Split(readPage(t, name), "\n")
		blocks := consoleBlocks(lines)
		if len(blocks) < 3 {
			t.Fatalf("%s: %d blocks", name, len(blocks))
		}
		results := make([][]string, len(blocks))
		t.Run(filepath.Base(name), func(t *testing.T) {
			for i, b := range blocks {
				t.Run(fmt.Sprint(b.begin), func(t *testing.T) {
					results[i] = b.run(t, fixtures)
				})
			}
		})
		if *update {
			writePage(t, name, lines, blocks, results)
		}
	}
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fixturesOf are the files that a page shows, in blocks such as ```csv file=users.csv.
func fixturesOf(t *testing.T, page string) map[string]string {
	files := map[string]string{}
	name := ""
	for line := range strings.Lines(readPage(t, page)) {
		switch _, after, found := strings.Cut(strings.TrimSpace(line), " file="); {
		case strings.HasPrefix(line, "```") && found:
			name = after
			files[name] = ""
		case strings.HasPrefix(line, "```"):
			name = ""
		case name != "":
			files[name] += line
		}
	}
	return files
}

// A block is a console on a page: lines of it, of which those with $ are
// commands and the others what they print.
type block struct {
	begin, end int // of the lines between the fences
	lines      []string
}

func consoleBlocks(lines []string) (blocks []block) {
	begin := -1
	for i, line := range lines {
		switch {
		case line == "```console":
			begin = i + 1
		case line == "```" && begin >= 0:
			blocks = append(blocks, block{begin, i, lines[begin:i]})
			begin = -1
		}
	}
	return blocks
}

func writePage(t *testing.T, name string, lines []string, blocks []block, results [][]string) {
	var all []string
	last := 0
	for i, b := range blocks {
		all = append(append(all, lines[last:b.begin]...), results[i]...)
		last = b.end
	}
	all = append(all, lines[last:]...)
	if err := os.WriteFile(name, []byte(strings.Join(all, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs the commands of a block one after the other and returns it with what
// they print now. Lines that begin as what parfor says on standard error are
// looked for there; all others are what comes on standard output. An … stands
// for anything.
func (b block) run(t *testing.T, fixtures map[string]string) (now []string) {
	dir := t.TempDir()
	for name, text := range fixtures {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(newRecipeAPI())
	defer server.Close()
	for lines := b.lines; len(lines) > 0; {
		n := 1
		for strings.HasSuffix(lines[n-1], `\`) {
			n++
		}
		command, ok := strings.CutPrefix(strings.Join(lines[:n], "\n"), "$ ")
		if !ok {
			t.Fatalf("line %d: %q is no command", b.begin, lines[0])
		}
		now, lines = append(now, lines[:n]...), lines[n:]
		var want []string
		for len(lines) > 0 && !strings.HasPrefix(lines[0], "$ ") {
			want, lines = append(want, lines[0]), lines[1:]
		}
		out, said := shell(t, dir, server.URL, command)
		now = append(now, check(t, command, want, out, said)...)
	}
	return now
}

// shell runs a command line and returns what it printed, the exit code at the
// end, and what it said.
func shell(t *testing.T, dir, url, command string) (out, said []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(command, recipeHost, url))
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TOKEN=secret", "GORACE=atexit_sleep_ms=20 "+os.Getenv("GORACE"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(stdout.String(), url, recipeHost)
	if text != "" {
		out = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	if exit != nil {
		out = append(out, fmt.Sprintf("[exit code %d]", exit.ExitCode()))
	}
	return out, strings.Split(strings.ReplaceAll(stderr.String(), url, recipeHost), "\n")
}

// check compares and returns the lines as they should be on the page.
func check(t *testing.T, command string, want, out, said []string) (now []string) {
	var printed, told []string
	for _, line := range want {
		if isSaid(line) {
			told = append(told, line)
		} else {
			printed = append(printed, line)
		}
	}
	same := len(printed) == len(out)
	for i := 0; same && i < len(out); i++ {
		same = matches(printed[i], out[i])
	}
	if same {
		now = printed
	} else {
		now = out
	}
	if !same && !*update {
		t.Errorf("$ %s\nprints\n%s\nthe page says\n%s\n(it said: %s)", command, strings.Join(out, "\n"), strings.Join(printed, "\n"), strings.Join(said, "\n"))
	}
	for _, line := range told {
		found := false
		for _, s := range said {
			found = found || matches(line, s)
		}
		if !found {
			t.Errorf("$ %s\nsays\n%s\nthe page wants\n%s", command, strings.Join(said, "\n"), line)
		}
	}
	return append(now, told...)
}

func isSaid(line string) bool {
	for _, begin := range []string{"parfor: ", "failed: ", "✔ ", "✘ "} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return false
}

// matches compares a line with one in which … stands for anything.
func matches(pattern, line string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return pattern == line
	}
	rest, ok := strings.CutPrefix(line, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, p)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, line string
		want          bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a…", "abc", true}, {"a…c", "abc", true}, {"a…c", "abd", false},
		{"…b…d", "abcd", true}, {"…", "", true}, {"a…b…c", "acb", false}, {"ab…bc", "abc", false},
	} {
		if got := matches(c.pattern, c.line); got != c.want {
			t.Errorf("%q %q: %v", c.pattern, c.line, got)
		}
	}
}

// recipeAPI is what the pages call.
type recipeAPI struct {
	mu    sync.Mutex
	asked map[string]int
}

func newRecipeAPI() http.Handler {
	api := &recipeAPI{asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /u/{id}", api.user)
	mux.HandleFunc("GET /busy/{id}", api.busy)
	mux.HandleFunc("POST /orders", echo)
	mux.HandleFunc("POST /v1/answers", echo)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "fine") })
	mux.HandleFunc("GET /search", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.URL.RawQuery) })
	mux.HandleFunc("DELETE /u/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux
}

func (api *recipeAPI) user(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	w.Header().Set("Content-Type", "application/json")
	if id == "3" {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":"no such user"}`) //nolint:errcheck // a test's server
		return
	}
	fmt.Fprintf(w, `{"id":%s,"active":%t}`, id, id != "2")
}

// busy refuses the first request for each id.
func (api *recipeAPI) busy(w http.ResponseWriter, r *http.Request) {
	api.mu.Lock()
	api.asked[r.URL.Path]++
	first := api.asked[r.URL.Path] == 1
	api.mu.Unlock()
	if first {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	fmt.Fprintln(w, "here is", r.PathValue("id"))
}

func echo(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"got": body, "idempotency": r.Header.Get("Idempotency-Key"), "auth": r.Header.Get("Authorization") != ""}) //nolint:errcheck // a test's server
}
