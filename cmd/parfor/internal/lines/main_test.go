//go:build unix

package lines

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"parfor.dev/parfor/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Check(m)) }

// body is one for a test, which closes it.
func body(t testing.TB, cfg Config) *Body {
	t.Helper()
	pool, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := pool.Body(1)
	t.Cleanup(func() { b.Close() })
	return b
}

func sh(script string) []string { return []string{"sh", "-c", script} }

// interpreter finds a program; on CI one that is missing fails the test.
func interpreter(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
	return ""
}

func ready(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../../../docs/bodies/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
