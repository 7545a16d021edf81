package compare

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoCommand means that the command to measure is no program of this machine.
var ErrNoCommand = errors.New("compare: no such command")

const (
	// placeholder stands for an item's number in an argument.
	placeholder = "{}"
	// commandRequests is the size of the opening block when nobody asked for
	// sizes: how long a command takes is known only afterwards.
	commandRequests = 20
)

// CommandSizes are how often a command is run unless sizes are asked for: far
// fewer than requests, since each costs a process at least.
func CommandSizes() []int { return []int{5, 10, 20, 50, 100} }

// command runs the program for one number and returns its exit status, which
// is 128 and the signal's number if one ended it. No shell is involved.
// Its standard input is empty and its output is not kept.
func command(ctx context.Context, argv []string, number int) (status int, err error) {
	args := commandLine(argv, strconv.Itoa(number))
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	err = runGroup(cmd)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("run %s for number %d: %w", args[0], number, err)
	}
	return exitStatus(cmd.ProcessState), nil
}

// commandLine puts the number where a placeholder stands, else at the end.
func commandLine(argv []string, number string) []string {
	args := slices.Clone(argv)
	found := false
	for i := 1; i < len(args); i++ {
		found = found || strings.Contains(args[i], placeholder)
		args[i] = strings.ReplaceAll(args[i], placeholder, number)
	}
	if !found {
		args = append(args, number)
	}
	return args
}

// typed is how a command line would be written for a shell.
func typed(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n\"'`$&|;<>()*?[]#~\\") {
			words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// runGroup runs a program as a process group of its own. When the context
// ends the whole group is killed, and what the program leaves running in the
// background is killed when it ends: nothing may disturb the next run.
func runGroup(cmd *exec.Cmd) error {
	ownGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = time.Second // of a pipe that a process outside the group holds
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	// If nothing is left the group's number is free, but systems hand them out
	// in turn: it names nobody else yet.
	_ = killGroup(cmd)
	return err
}

// findCommand fails early, and not once per item.
func (c Config) findCommand() error {
	if c.Body.Kind != Command {
		return nil
	}
	if _, err := exec.LookPath(c.Command[0]); err != nil {
		return fmt.Errorf("%w: %w", ErrNoCommand, err)
	}
	return nil
}

// finding is what a number's command exited with when it was first run.
type finding struct {
	status int
	by     way
}

// agree checks that a command exits alike however it is run: nobody knows the
// right status, so the first one that was found is held against the others.
func (e *experiment) agree(j job, w way, answers map[int]int) error {
	if j.body.Kind != Command {
		return nil
	}
	if e.found == nil {
		e.found = map[int]finding{}
	}
	for _, n := range slices.Sorted(maps.Keys(answers)) {
		first, known := e.found[n]
		if known && first.status != answers[n] {
			return fmt.Errorf("number %d exits with %d, but it was %d with %s", n, answers[n], first.status, first.by)
		}
	}
	for n, status := range answers {
		if _, known := e.found[n]; !known {
			e.found[n] = finding{status, w}
		}
	}
	return nil
}
