// Package lines runs a program that stays alive and answers one line for each
// line it gets: the body of a loop in Python, Node, R or a shell without their
// start-up for every item.
//
// Start reading at [Config] and [Body.Do]. body.go is what happens to an item,
// exchange.go one question and its answer, proc.go the life of one process,
// message.go what goes over the wire, stall.go the search for a program that
// doesn't flush, procgroup_unix.go and inspect_linux.go what the system knows.
package lines

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"parfor.dev/parfor/cmd/parfor/internal/procgroup"
)

const (
	maxLine   = 16 << 20
	maxStarts = 5
)

// Config says what the program is and how it is treated.
type Config struct {
	Argv []string // the program and its arguments; no shell
	Env  []string // as in [exec.Cmd]: nil is the environment of this process. PARFOR_SLOT is added
	Dir  string   // where it runs; "" is here

	Timeout time.Duration // of an item, from when it is sent, a start before it included; 0: none
	Grace   time.Duration // from the end of its input to TERM, and from TERM to KILL; 0: KILL at once
	MaxLine int           // bytes of an answer, its line end apart; 0: 16 MiB

	// MaxStarts is after how many starts in a row without an answer the program
	// is given up; 0: 5. A start counts if it failed or the process ended before
	// it read an item. As long as no process of the pool has ever answered, one
	// that read its item and ended, or answered what is no answer, counts too. A
	// timeout doesn't.
	MaxStarts int

	// JSON wraps items and answers: {"id":17,"item":…} goes out, and
	// {"id":17,"value":…} or {"id":17,"error":"…"} comes back.
	JSON bool

	// Stderr gets what the program writes there, line by line without its end;
	// one longer than 64 KiB comes in pieces. Notice gets what is wrong without
	// being the failure of the item that is being asked: a *[SurplusError], a
	// *[StallError]. Both may be nil. They are called from several goroutines, of
	// one worker one call at a time each, and line is valid during the call only.
	Stderr func(worker int, line []byte)
	Notice func(worker int, err error)

	// Guard, if set, ends the programs' groups if this process is killed.
	Guard *procgroup.Guard
}

// Pool is what the bodies of one loop share: whether the program works at all.
type Pool struct {
	cfg      Config
	name     string        // of the program, for errors
	patience time.Duration // until it is looked whether the program forgot to flush
	answered atomic.Bool
	stalled  atomic.Bool // said already
	broken   atomic.Pointer[BrokenError]
}

// New checks that there is such a program. It starts nothing.
func New(cfg Config) (*Pool, error) {
	if !supported {
		return nil, errors.New("--lines is not supported on this system: it needs process groups and pipes with deadlines, as on Linux and macOS")
	}
	if len(cfg.Argv) == 0 || cfg.Argv[0] == "" {
		return nil, errors.New("--lines needs the program that answers: parfor run --lines -- python3 body.py")
	}
	if cfg.Timeout < 0 || cfg.Grace < 0 || cfg.MaxLine < 0 || cfg.MaxStarts < 0 {
		return nil, fmt.Errorf("--lines: a limit is below 0: timeout %v, grace %v, longest line %d, starts %d", cfg.Timeout, cfg.Grace, cfg.MaxLine, cfg.MaxStarts)
	}
	if err := find(cfg.Dir, cfg.Argv[0]); err != nil {
		return nil, err
	}
	if cfg.MaxLine == 0 {
		cfg.MaxLine = maxLine
	}
	if cfg.MaxStarts == 0 {
		cfg.MaxStarts = maxStarts
	}
	if cfg.Stderr == nil {
		cfg.Stderr = func(int, []byte) {}
	}
	if cfg.Notice == nil {
		cfg.Notice = func(int, error) {}
	}
	return &Pool{cfg: cfg, name: filepath.Base(cfg.Argv[0]), patience: stallTime}, nil
}

// Body is the program of one worker, counted from 1, which becomes its
// PARFOR_SLOT. It starts with the first item. Of a worker there is one body.
func (p *Pool) Body(worker int) *Body { return &Body{pool: p, cfg: &p.cfg, worker: worker} }

// Err is the *[BrokenError] that every Do returns which would have to start the
// program, once it was given up; nil until then.
func (p *Pool) Err() error {
	if b := p.broken.Load(); b != nil {
		return b
	}
	return nil
}

// find says early, and with the way out, what exec would say of each item.
func find(dir, prog string) error {
	here := prog
	if strings.ContainsRune(prog, filepath.Separator) && !filepath.IsAbs(prog) {
		here = filepath.Join(dir, prog)
		if !strings.ContainsRune(here, filepath.Separator) {
			here = "." + string(filepath.Separator) + here // LookPath searches PATH for bare names
		}
	}
	_, err := exec.LookPath(here)
	if err == nil || errors.Is(err, exec.ErrDot) {
		return nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s can't be executed: chmod +x it, or name its interpreter first: python3 %s", prog, prog)
	}
	if info, stat := os.Stat(filepath.Join(dir, prog)); stat == nil && info.Mode().IsRegular() && here == prog {
		return fmt.Errorf("%s is a file but not a command in PATH: write ./%s, or name its interpreter first: python3 %s", prog, prog, prog)
	}
	return fmt.Errorf("there is no program %s: %w", prog, err)
}
