package process

import (
	"fmt"
	"os"
	"strings"
)

// CleanEnv starts workers with an empty environment but for what [Env] gives and
// what parfor needs itself (GOMAXPROCS, which is gone before bodies run, and
// TMPDIR if there is [TempDir]). Secrets of the program's environment then don't
// reach bodies; neither do PATH, HOME, GOGC, GODEBUG and GOMEMLIMIT.
func CleanEnv() Option { return func(o *options) error { o.cleanEnv = true; return nil } }

// TempDir gives each worker a directory of its own for temporary files, empty at
// its start: TMPDIR names it, so that os.MkdirTemp and the programs that bodies
// run use it. It is removed with all that is in it when the worker is gone,
// however it ended. What couldn't be removed is part of Close's error. The
// directories lie in the program's os.TempDir(), under a name that begins with
// parfor-pool-. If the program itself is killed they stay until the next pool
// with TempDir of the same user begins, which removes those that no living
// program holds.
func TempDir() Option {
	return func(o *options) error {
		o.tempDir = true
		return mayHaveTempDir()
	}
}

// base is the environment that a worker's is made from.
func (o *options) base() []string {
	if o.cleanEnv {
		return nil
	}
	return os.Environ()
}

// lastWins drops variables that are set again later: a Go program, like a C one,
// takes the first.
func lastWins(env []string) []string {
	at := make(map[string]int, len(env))
	out := env[:0]
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		if i, again := at[name]; again && name != "" {
			out[i] = v
			continue
		}
		at[name] = len(out)
		out = append(out, v)
	}
	return out
}

// shelter is the pool's directory with those of its workers in it.
type shelter struct {
	dir  string
	lock *os.File // held while the program lives
}

// room makes the directory of a worker, if there are any.
func (s *shelter) room() (string, error) {
	if s.dir == "" {
		return "", nil
	}
	dir, err := os.MkdirTemp(s.dir, "worker-")
	if err != nil {
		return "", fmt.Errorf("parfor: TempDir: %w", err)
	}
	return dir, nil
}

// clear removes a worker's directory, without the owner waiting for it.
func (p *Pool) clear(dir string) {
	if dir == "" {
		return
	}
	p.calls.Go(func() {
		if err := removeAll(dir); err != nil {
			p.flaws.add(fmt.Errorf("parfor: TempDir: %w", err))
		}
	})
}

// end removes what is left, at the end of the pool.
func (s *shelter) end() error {
	if s.dir == "" {
		return nil
	}
	defer s.lock.Close()
	if err := removeAll(s.dir); err != nil {
		return fmt.Errorf("parfor: TempDir: %w", err)
	}
	return nil
}
