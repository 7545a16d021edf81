package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"parfor.dev/parfor/cmd/parfor/internal/item"
)

// completions has the shell know what may stand behind flags, and what a
// command begins with.
func completions(root *cobra.Command) {
	var formats []string
	for _, f := range item.Formats {
		formats = append(formats, string(f))
	}
	words := map[string][]string{
		"format":       formats,
		"progress":     {"auto", "tty", "plain", "json", "none"},
		"changed":      {"fail\tthe run ends", "rerun\tit runs again", "keep\tits result stays"},
		"on-duplicate": {"fail\tthe run ends", "suffix\tthe second is a#2", "last\tthe last one counts"},
		"shell":        {"sh", "bash"},
		"workers":      {"auto", "50%", "100%"},
		"cluster":      {whereLocal},
	}
	endings := map[string][]string{
		"output": {"json", "jsonl", "csv", "db"}, "cacert": {"pem", "crt"}, "cert": {"pem", "crt"}, "cert-key": {"pem", "key"},
		"cluster-creds": {"creds"}, "cluster-ca": {"pem", "crt"},
	}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }) // it is shown as it is
		if cmd.Name() != "run" && cmd.Name() != "http" {
			continue
		}
		for flag, values := range words {
			complete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
		for flag, of := range endings {
			complete(cmd, flag, cobra.FixedCompletions(of, cobra.ShellCompDirectiveFilterFileExt))
		}
		for _, flag := range []string{"chdir", "output-dir"} {
			complete(cmd, flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
		}
		for _, flag := range []string{"marker", "key", "rate", "attempts", "backoff", "timeout", "deadline", "max-failures", "retry-on", "grace", "max-output", "max-line", "cluster-wait"} {
			complete(cmd, flag, cobra.NoFileCompletions)
		}
		if cmd.Name() == "http" {
			cmd.ValidArgsFunction = completeTarget
		}
	}
}

func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if cmd.Flags().Lookup(flag) != nil {
		cobra.CheckErr(cmd.RegisterFlagCompletionFunc(flag, f)) // which fails for a flag that has one
	}
}

// completeTarget offers the method of a request, and files among its items.
func completeTarget(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	for _, a := range args {
		if strings.HasPrefix(a, ":::") {
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var methods []string
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} {
		if strings.HasPrefix(m, strings.ToUpper(begun)) {
			methods = append(methods, m)
		}
	}
	return methods, cobra.ShellCompDirectiveNoFileComp
}
