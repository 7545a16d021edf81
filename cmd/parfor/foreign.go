package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError answers what a command does not know with what it does.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usagef("%w: see %s --help", err, cmd.CommandPath())
	}
	name := unknown.GetSpecifiedName()
	word := "--" + name
	if unknown.GetSpecifiedShortnames() != "" {
		word = "-" + name
	}
	if ours, known := foreign()[cmd.Name()][name]; known {
		return usagef("%s has no %s: write %s", cmd.Name(), word, ours)
	}
	if why, known := unneeded()[cmd.Name()][name]; known {
		return usagef("%s has no %s: %s", cmd.Name(), word, why)
	}
	return usagef("%w: see %s --help", err, cmd.CommandPath())
}
