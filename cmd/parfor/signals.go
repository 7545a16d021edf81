package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupted is the cause of the context once a signal has ended it.
type interrupted struct{ sig os.Signal }

func (i interrupted) Error() string { return "interrupted: " + i.sig.String() }

func (i interrupted) code() int {
	if n, ok := i.sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}

// signals turns ^C and TERM into the end of a command. A command that can
// finish what runs takes the first ^C for itself; the next one, and TERM, end
// its context; what comes after that kills the program, as usual.
type signals struct {
	ch     chan os.Signal
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	drain func()
	first *interrupted // the ^C that was taken
}

type signalsKey struct{}

// watchSignals returns a context that signals end. Stop gives them back and
// waits for the goroutine behind it.
func watchSignals(ctx context.Context) (watched context.Context, s *signals, stop func()) {
	s = &signals{ch: make(chan os.Signal, 2)}
	ctx, s.cancel = context.WithCancelCause(ctx)
	signal.Notify(s.ch, os.Interrupt, syscall.SIGTERM)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.serve(done)
		signal.Stop(s.ch)
	}()
	return context.WithValue(ctx, signalsKey{}, s), s, func() { close(done); <-ended; s.cancel(nil) }
}

func (s *signals) serve(done <-chan struct{}) {
	for {
		select {
		case sig := <-s.ch:
			if sig == os.Interrupt && s.drained() {
				continue
			}
			signal.Stop(s.ch) // first: the next one is nobody's to take
			s.cancel(interrupted{sig})
			return
		case <-done:
			return
		}
	}
}

// drained lets the command take a ^C, once.
func (s *signals) drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drain == nil {
		return false
	}
	s.drain()
	s.drain, s.first = nil, &interrupted{os.Interrupt}
	return true
}

// code is the exit code that signals ask for, 0 for none.
func (s *signals) code(ctx context.Context) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sig, ok := context.Cause(ctx).(interrupted); ok {
		return sig.code()
	}
	if s.first != nil {
		return s.first.code()
	}
	return 0
}

// onInterrupt has f called for the first ^C of a command, until the returned
// func is called. F must not block.
func onInterrupt(ctx context.Context, f func()) (forget func()) {
	s, ok := ctx.Value(signalsKey{}).(*signals)
	if !ok {
		return func() {}
	}
	set := func(f func()) {
		s.mu.Lock()
		s.drain = f
		s.mu.Unlock()
	}
	set(f)
	return func() { set(nil) }
}
