package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/compare/mockapi"
)

func mockCommand() *cobra.Command {
	cfg := mockapi.Config{NotFoundEvery: mockapi.DefaultNotFoundEvery}
	var addr string
	var public, withParent bool
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "A JSON API on the loopback interface to try loops on",
		Long: `A JSON API on the loopback interface to try loops on. It prints its URL on
standard output once it listens, and its rules on standard error.

POST {"number": 17} to any path is answered after --latency with the same
number and a status that depends on it alone: 404 if 50 divides it, else 200.
What --errors and --drops pick is decided by the number and how often it was
sent, so the same request may succeed when it is tried again.

GET /stats tells what was asked (?numbers counts each number), POST /reset
forgets it. ^C lets running requests finish.`,
		Example: "  parfor mock --latency 200ms\n  parfor mock --latency 20ms --jitter 10ms --errors 2% --rate-limit 500/s",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cfg.Check(); err != nil {
				return usagef("mock: %w", err)
			}
			return serveMock(cmd, cfg, addr, public, withParent)
		},
	}
	f := cmd.Flags()
	f.StringVar(&addr, "addr", "127.0.0.1:0", "listen on `ADDR`, port 0 picks a free one")
	f.BoolVar(&public, "public", false, "allow an address that other machines can reach")
	f.DurationVar(&cfg.Latency, "latency", 0, "wait `DUR` before each answer")
	f.DurationVar(&cfg.Jitter, "jitter", 0, "vary the latency by up to `DUR`, both ways")
	f.Var((*share)(&cfg.Errors), "errors", "fail a `SHARE` of requests with 503, such as 2%")
	f.Var((*share)(&cfg.Drops), "drops", "close the connection of a `SHARE` of requests")
	f.Var((*rate)(&cfg.RateLimit), "rate-limit", "answer 429 with Retry-After beyond `RATE`, as in 50/s")
	f.BoolVar(&withParent, "with-parent", false, "end when standard input closes, and leave ^C to the parent")
	return cmd
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, but got %q", cmd.Name(), args[0])
	}
	return nil
}

func serveMock(cmd *cobra.Command, cfg mockapi.Config, addr string, public, withParent bool) error {
	api, err := mockapi.New(cfg)
	if err != nil {
		return err
	}
	l, err := mockapi.Listen(addr, public)
	if errors.Is(err, mockapi.ErrNotLoopback) {
		return usagef("%w: add --public if other machines may reach it", err)
	}
	if err != nil {
		return ioError(err)
	}
	ctx := cmd.Context()
	if withParent {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		// A terminal's ^C reaches us too; the parent still needs answers then.
		signal.Ignore(os.Interrupt)
		go func() { // ends with the program, as the pipe does
			_, _ = io.Copy(io.Discard, cmd.InOrStdin())
			cancel()
		}()
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "http://%s\n", l.Addr()); err != nil {
		_ = l.Close()
		return ioError(err)
	}
	if !withParent {
		fmt.Fprintf(cmd.ErrOrStderr(), "POST {\"number\": 17} to it: %s. GET /stats, POST /reset. ^C ends it.\n", cfg)
	}
	if err := api.Serve(ctx, l); err != nil {
		return ioError(err)
	}
	if !withParent {
		s := api.Stats(false)
		fmt.Fprintf(cmd.ErrOrStderr(), "%d requests, %d numbers, at most %d at once, up %v\n",
			s.Requests, s.Distinct, s.PeakInFlight, time.Since(started).Round(time.Second))
	}
	return errStoppedCleanly
}

var started = time.Now()
