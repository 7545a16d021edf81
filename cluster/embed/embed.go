package embed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"parfor.dev/parfor/cluster/internal/address"
	"parfor.dev/parfor/internal/lockedfile"
)

// Server is the server of a folder, or a way to the one that another program
// runs. It is safe for concurrent use.
type Server struct {
	address address.Address
	server  *server.Server // nil in a program that joined
	lock    *os.File
	once    sync.Once
	err     error
}

// Open runs the server of a folder, which it makes, or joins the one that runs
// on it already. It blocks until the server answers or ctx ends. The folder
// must be on a local disk. A folder that others may write to is refused: they
// could put a server of theirs there.
//
// What the server keeps stays in the folder when it is closed, and is there
// again at the next Open.
func Open(ctx context.Context, dir string, opts ...Option) (*Server, error) {
	o, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if dir, err = prepare(dir); err != nil {
		return nil, err
	}
	for {
		s, err := open(dir, o)
		if s != nil || err != nil {
			return s, err
		}
		select { // it starts, or ends, or is being killed: nothing tells when
		case <-ctx.Done():
			return nil, fmt.Errorf("embed: another program has %s locked, and no server of it answers: %w", dir, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// open returns nil and no error when somebody has the lock and doesn't answer.
func open(dir string, o options) (*Server, error) {
	lock, err := lockedfile.Open(filepath.Join(dir, lockFile), os.O_CREATE, 0o600)
	if errors.Is(err, lockedfile.ErrHeld) {
		if a, found, err := address.Known(dir); err != nil || !found || !a.Answers() {
			return nil, err
		} else {
			return &Server{address: a}, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	s, err := run(dir, lock, o)
	if err != nil {
		lock.Close()
		return nil, err
	}
	return s, nil
}

// run starts the server; the lock is ours.
func run(dir string, lock *os.File, o options) (*Server, error) {
	a, found, err := address.Known(dir)
	if err != nil {
		return nil, err
	}
	if !found {
		a = address.New()
	}
	srv, a, err := launch(dir, a, o)
	if err != nil {
		return nil, err
	}
	if err := a.Write(dir); err != nil {
		end(srv)
		return nil, fmt.Errorf("embed: %w", err)
	}
	return &Server{address: a, server: srv, lock: lock}, nil
}

const lockFile = "lock"

// prepare makes the folder if it isn't there, and refuses one of others.
func prepare(dir string) (string, error) {
	if dir == "" {
		return "", fmt.Errorf("%w: a folder is needed for what the server keeps", ErrOption)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("embed: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("embed: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("embed: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("embed: others can write to %s: chmod 700 it, or use another folder", dir)
	}
	return dir, nil
}

// URL is where the server is, with its token: a secret.
func (s *Server) URL() string { return s.address.URL() }

// Runs reports whether the server runs in this program.
func (s *Server) Runs() bool { return s.server != nil }

// Close ends the server, if it runs in this program, and waits for that. Others
// who use it lose it until somebody opens the folder again. A second call waits
// and returns the same.
func (s *Server) Close() error {
	s.once.Do(func() {
		if s.server != nil {
			end(s.server)
			s.err = s.lock.Close()
		}
	})
	return s.err
}
