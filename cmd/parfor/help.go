package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// wrapped prints help with the texts of flags in a column that fits the
// terminal. Elsewhere each stays on its line, where grep finds it whole.
func wrapped(help func(*cobra.Command, []string)) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, args []string) {
		width, _, _ := windowSize(os.Stdout)
		if width == 0 {
			help(cmd, args)
			return
		}
		out := cmd.OutOrStdout()
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(out)
		long := strings.TrimSpace(cmd.LocalFlags().FlagUsages())
		short := strings.TrimSpace(cmd.LocalFlags().FlagUsagesWrapped(width))
		fmt.Fprint(out, strings.Replace(text.String(), long, short, 1))
	}
}
