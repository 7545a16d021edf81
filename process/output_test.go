//go:build unix

package process_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// lines is a writer that wants whole lines.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(b))
	return len(b), nil
}

func talk(_ context.Context, n int) (int, error) {
	fmt.Print("out ", n, " begins")
	fmt.Println(" and ends", strings.Repeat("x", 5000))
	fmt.Fprintln(os.Stderr, "err", n)
	return n, nil
}

var _ = parfor.Register(talk)

func TestOutputIsForwardedByLines(t *testing.T) {
	var out, errs lines
	p, err := process.NewPool(t.Context(), 2, process.Stdout(&out), process.Stderr(&errs), process.TagOutput())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parfor.Map(t.Context(), upTo(50), talk, parfor.On(p)); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if len(out.all) != 50 || len(errs.all) != 50 {
		t.Fatalf("%d and %d lines", len(out.all), len(errs.all))
	}
	for _, l := range out.all {
		if !strings.HasPrefix(l, "[") || !strings.Contains(l, "begins and ends x") || !strings.HasSuffix(l, "x\n") {
			t.Errorf("line %.60q", l)
		}
	}
	if !slices.ContainsFunc(errs.all, func(l string) bool { return strings.Contains(l, "] err 17\n") }) {
		t.Error("no line of item 17")
	}
}

func TestEnvironmentAndDirectory(t *testing.T) {
	dir := t.TempDir()
	p := pool(t, 1, process.Env("PARFOR_TEST=yes"), process.Dir(dir))
	out, err := parfor.Map(t.Context(), []string{"PARFOR_TEST", "PARFOR_WORKER", "GOMAXPROCS"}, surroundings, parfor.On(p))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"yes " + dir, " " + dir, os.Getenv("GOMAXPROCS") + " " + dir}; !slices.Equal(out, want) {
		t.Errorf("got %q, want %q", out, want)
	}
}

func surroundings(_ context.Context, name string) (string, error) {
	wd, err := os.Getwd()
	if b := make([]byte, 1); err == nil {
		if n, _ := os.Stdin.Read(b); n != 0 {
			err = fmt.Errorf("stdin has bytes")
		}
	}
	return os.Getenv(name) + " " + wd, err
}

var _ = parfor.Register(surroundings)
