package docs

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// TestReadme runs the first lines of the README.
func TestReadme(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	ctx := t.Context()
	pool, err := process.NewPool(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	post := func(context.Context, int) (int, error) { return 200, nil }
	if err := readme(ctx, parfor.Range(100), post, pool); err == nil || !strings.Contains(err.Error(), "not registered") {
		t.Errorf("a closure on processes: %v", err)
	}
	if err := readme(ctx, parfor.Range(100), identity, pool); err != nil {
		t.Error(err)
	}
}

func identity(_ context.Context, n int) (int, error) { return n, nil }

var _ = parfor.Register(identity)

func readme(ctx context.Context, items []int, post func(context.Context, int) (int, error), pool parfor.Executor) error {
	codes, err := parfor.Map(ctx, items, post) // on goroutines; the first error stops it
	if err != nil {
		return err
	}
	codes, err = parfor.Map(ctx, items, post, parfor.On(pool), // on worker processes
		parfor.Timeout(5*time.Second), parfor.Attempts(3)) // a timeout that really kills
	if err != nil {
		return err
	}
	statuses, err := parfor.ByKey(ctx, items, post) // straight into a map
	if err != nil {
		return err
	}
	endless := func(yield func(int) bool) {
		for n := 0; yield(n); n++ {
		}
	}
	for r, err := range parfor.Stream(ctx, endless, post) { // as they finish, in bounded memory
		if err != nil || r.Index > len(codes)+len(statuses) {
			return err
		}
	}
	return nil
}

// TestUnpublished follows "Use it before it is published" in an empty module,
// with a program that starts worker processes.
func TestUnpublished(t *testing.T) {
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := `package main

import (
	"context"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

var _ = parfor.Register(double)

func main() {
	process.Main()
	pool, err := process.NewPool(context.Background(), 2)
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	fmt.Println(parfor.Map(context.Background(), []int{1, 2, 3}, double, parfor.On(pool)))
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	var out string
	for _, command := range [][]string{
		{"mod", "init", "example.com/loop"},
		{"mod", "edit", "-require=parfor.dev/parfor@v0.0.0", "-replace=parfor.dev/parfor=" + checkout},
		{"mod", "tidy"},
		{"run", "."},
	} {
		cmd := exec.CommandContext(t.Context(), "go", command...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
		b, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(command, " "), err, b)
		}
		out = string(b)
	}
	if out != "[2 4 6] <nil>\n" {
		t.Errorf("got %q", out)
	}
	if !strings.Contains(read(t, "../README.md"), "go mod edit -require=parfor.dev/parfor@v0.0.0 -replace=parfor.dev/parfor=") {
		t.Error("the README says something else")
	}
}
