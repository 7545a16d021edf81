package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Help says what a flag's value is, and not of which type, and no default that
// is nothing.
func TestFlagsNameTheirValues(t *testing.T) {
	for _, cmd := range rootCommand(nil).Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if f.Value.Type() != "bool" && (name == "" || name != strings.ToUpper(name)) {
				t.Errorf("%s --%s: its value is called %q", cmd.Name(), f.Name, name)
			}
		})
		for _, zero := range []string{"(default 0", "(default ()", `(default "")`} {
			if strings.Contains(cmd.Flags().FlagUsages(), zero) {
				t.Errorf("%s: the help says %s", cmd.Name(), zero)
			}
		}
	}
}
