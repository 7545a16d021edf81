//go:build linux

package process_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

func TestCleanEnvIsEmptyButForWhatWasGiven(t *testing.T) {
	t.Setenv("SECRET", "42")
	env := strings.Split(answers(t, pool(t, 1, process.CleanEnv(), process.Env("A=b", "C=d")), "environment")[0], "\n")
	env = slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "GORACE=") }) // what the race detector needs
	if slices.Sort(env); !slices.Equal(env, []string{"A=b", "C=d"}) {
		t.Errorf("the worker has %q", env)
	}
}

func TestEnvOverridesTheProgramsOwn(t *testing.T) {
	t.Setenv("REGION", "us")
	p := pool(t, 1, process.Env("REGION=eu", "REGION=at"))
	if out := answers(t, p, "REGION"); out[0] != "at" {
		t.Errorf("REGION is %s", out[0])
	}
	if env := answers(t, p, "environment")[0]; strings.Count(env, "REGION=") != 1 {
		t.Errorf("REGION is set more than once in %s", env)
	}
}

// litter leaves a file in a directory nobody may write to, says where, and
// doesn't return if the item says so.
func litter(_ context.Context, how string) (string, error) {
	dir := filepath.Join(os.TempDir(), "sub")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(dir+"/file", nil, 0o400); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		return "", err
	}
	if how == "die" {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return os.TempDir(), nil
}

var _ = parfor.Register(litter)

func TestTempDirLastsAsLongAsItsWorker(t *testing.T) {
	base := t.TempDir()
	t.Setenv("TMPDIR", base)
	p, err := process.NewPool(t.Context(), 1, process.TempDir(), process.Env("TMPDIR=elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := parfor.Submit(t.Context(), p, litter, "").Result(t.Context())
	if err != nil || !strings.HasPrefix(first, base+"/parfor-pool-") {
		t.Fatal(first, err)
	}
	if _, err := os.Stat(first + "/sub/file"); err != nil {
		t.Errorf("while the worker lives: %v", err)
	}
	syscall.Kill(p.PIDs()[0], syscall.SIGKILL)
	eventually(t, "the directory of the killed worker to go", func() bool { return !exists(first) })
	if _, err := parfor.Submit(t.Context(), p, litter, "die").Result(t.Context()); err == nil {
		t.Error("no error of a killed worker")
	}
	second, err := parfor.Submit(t.Context(), p, litter, "").Result(t.Context())
	if err != nil || second == first || !exists(second) {
		t.Error(second, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(base); len(left) > 0 {
		t.Errorf("after Close there is %v", left)
	}
}

func exists(file string) bool { _, err := os.Lstat(file); return err == nil }

// What programs that were killed have left is removed by the next one; what
// belongs to a living one, or to nobody that can be told, is not.
func TestTempDirSweepsWhatDeadProgramsLeft(t *testing.T) {
	base := t.TempDir()
	t.Setenv("TMPDIR", base)
	for _, dir := range []string{"parfor-pool-dead/worker-1", "parfor-pool-strange", "other"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"parfor-pool-dead/lock", "parfor-pool-dead/worker-1/file", "parfor-pool-file"} {
		if err := os.WriteFile(filepath.Join(base, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alive := pool(t, 1, process.TempDir())
	at, err := parfor.Submit(t.Context(), alive, litter, "").Result(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool(t, 1, process.TempDir())
	for name, want := range map[string]bool{"parfor-pool-dead": false, "parfor-pool-strange": true, "parfor-pool-file": true, "other": true} {
		if exists(filepath.Join(base, name)) != want {
			t.Errorf("%s: there %v", name, !want)
		}
	}
	if !exists(at) {
		t.Error("a living pool's directory is gone")
	}
}
