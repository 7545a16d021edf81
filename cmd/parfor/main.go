// Parfor runs a loop's body over items from the command line, and measures
// which way of running it is the fastest.
//
//	parfor compare    the tutorial's experiment: one loop, every way of running it
//	parfor mock       a JSON API on the loopback interface to try loops on
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/process"
)

func main() {
	// A worker process is this program again, with the same arguments: it
	// starts here and never returns. Flags are parsed by the command that runs
	// in the parent; bodies get what they need with parfor.With.
	process.Main()
	os.Exit(run(os.Args[1:]))
}

// run executes the command line and returns the exit code.
func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := watchSignals(cancel)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, errStoppedCleanly) {
		return codeOK
	}
	if !errors.Is(err, errChecksFailed) {
		fmt.Fprintf(os.Stderr, "parfor: %v\n", err)
	}
	var sig interrupted
	if errors.As(context.Cause(ctx), &sig) {
		return sig.code()
	}
	return exitCode(err)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "parfor",
		Short: "a for loop that runs anywhere",
		Long:  "parfor: a for loop that runs anywhere. Try:\n\n  parfor compare",
		// The text of an error is printed by main, which also picks the exit code.
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q: parfor --help lists them", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(compareCommand(), mockCommand())
	return root
}

// interrupted is the cause of the context once a signal came.
type interrupted struct{ sig os.Signal }

func (i interrupted) Error() string { return "interrupted: " + i.sig.String() }

func (i interrupted) code() int {
	if n, ok := i.sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}

// watchSignals cancels with the first ^C or TERM; the second kills as usual.
func watchSignals(cancel context.CancelCauseFunc) (stop func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case s := <-ch:
			cancel(interrupted{s})
		case <-done:
		}
		signal.Stop(ch)
	}()
	return func() { close(done); <-ended }
}
