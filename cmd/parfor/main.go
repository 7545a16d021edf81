// Parfor runs a loop's body over items from the command line, and measures
// which way of running it is the fastest.
//
//	parfor run        a command for each item
//	parfor http       an HTTP request for each item
//	parfor show       look at results that they have kept
//	parfor compare    the tutorial's experiment: one loop, every way of running it
//	parfor plot       draws again, and over each other, what compare measured
//	parfor worker     an agent that runs items of others' loops
//	parfor mock       a JSON API on the loopback interface to try loops on
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

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
	ctx, sigs, stop := watchSignals(context.Background())
	defer stop()
	root := rootCommand(args)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, errStoppedCleanly) {
		return codeOK
	}
	var silent *exitError
	if !errors.As(err, &silent) || !silent.silent {
		fmt.Fprintf(os.Stderr, "parfor: %s\n", strings.TrimPrefix(err.Error(), "parfor: ")) // which the library's begin with
	}
	if code := sigs.code(ctx); code != 0 {
		return code
	}
	return exitCode(err)
}

// verbs are the commands, as the help lists them.
var verbs = []struct {
	name    string
	command func() *cobra.Command
}{
	{"run", runCommand}, {"http", httpCommand}, {"show", showCommand},
	{"plot", plotCommand}, {"compare", compareCommand}, {"worker", workerCommand}, {"mock", mockCommand},
}

// rootCommand is the command with the verb that the arguments begin with. Only
// without one are there all of them, for help and completion: to build those
// takes a good part of a start.
func rootCommand(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:     "parfor",
		Version: buildOf(),
		Short:   "a for loop that runs anywhere",
		Long:    "parfor: a for loop that runs anywhere. Try:\n\n  parfor compare",
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
	root.SetHelpFunc(wrapped(root.HelpFunc()))
	for _, v := range verbs {
		if len(args) > 0 && args[0] == v.name {
			root.AddCommand(v.command())
			root.CompletionOptions.DisableDefaultCmd = true
			return root
		}
	}
	for _, v := range verbs {
		root.AddCommand(v.command())
	}
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		completions(root)
	}
	return root
}
