package main

import (
	"errors"
	"syscall"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/cmd/parfor/internal/show"
)

// showFlags are what the user wants to see.
type showFlags struct {
	show.Options
}

func showCommand() *cobra.Command {
	f := &showFlags{}
	cmd := &cobra.Command{
		Use:   "show [flags] FILE",
		Short: "Look at results that run and http have kept",
		Long: `Look at results that run and http have kept: what they came to, and with flags
which of them, in which form. FILE is .json, .jsonl, .csv, .db, or the .journal
of a run that has not come to its end.

--where and --select are jq expressions on a record: key, seq, status, code,
body or output, stderr, error, attempts, started, ms, worker.`,
		Example: `  parfor show out.json
  parfor show out.json --failed --keys | parfor run -i - ./again {}
  parfor show users.db --where '.ms > 1000' --format csv -o slow.csv
  parfor show users.jsonl --select .body.name`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("show takes one FILE of results, but got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVar(&f.Failed, "failed", false, "what didn't end well")
	fs.BoolVar(&f.OK, "ok", false, "what did")
	fs.StringArrayVar(&f.Statuses, "status", nil, "what has `STATUS` ok, failed, timeout or canceled (repeatable)")
	fs.IntSliceVar(&f.Codes, "code", nil, "what has one of `CODES`, exit statuses or statuses of responses")
	fs.StringArrayVar(&f.Keys, "key", nil, "the item with `KEY` (repeatable)")
	fs.StringVar(&f.Where, "where", "", "those for which `EXPR` of jq is true")
	fs.BoolVar(&f.ListKeys, "keys", false, "just the keys, a line each")
	fs.StringVar(&f.Select, "select", "", "print what `EXPR`, a path or of jq, makes of each")
	fs.StringVar(&f.Format, "format", "", "print as `FORMAT`: table, jsonl, json, csv, joblog, or with -o db")
	fs.StringVarP(&f.Out, "output", "o", "", "write to `FILE`, in the format of its ending")
	fs.BoolVar(&f.Force, "force", false, "replace that file")
	return cmd
}

func (f *showFlags) run(cmd *cobra.Command, file string) error {
	o := f.Options
	filtered := o.Failed || o.OK || o.Statuses != nil || o.Codes != nil || o.Keys != nil || o.Where != ""
	if filtered && !o.ListKeys && o.Select == "" && o.Format == "" && o.Out == "" {
		o.Format = "table" // who asks for some wants to see them
	}
	switch err := show.Run(cmd.OutOrStdout(), file, o); {
	case errors.Is(err, show.ErrUsage):
		return usagef("%w", err)
	case errors.Is(err, syscall.EPIPE):
		return outputError(err)
	default:
		return ioError(err)
	}
}
