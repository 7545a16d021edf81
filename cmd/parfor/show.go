package main

import (
	"bufio"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/internal/entryfile"

	"parfor.dev/parfor/cmd/parfor/internal/record"
	"parfor.dev/parfor/cmd/parfor/internal/results"
	"parfor.dev/parfor/cmd/parfor/internal/show"
)

// showFlags are what the user wants to see.
type showFlags struct {
	failed, ok bool
	status     []string
	codes      []int
	keys       []string
	where      string
	sel        string
	format     string
	output     string
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
	fs.BoolVar(&f.failed, "failed", false, "what didn't end well")
	fs.BoolVar(&f.ok, "ok", false, "what did")
	fs.StringArrayVar(&f.status, "status", nil, "ok, failed, timeout or canceled (repeatable)")
	fs.IntSliceVar(&f.codes, "code", nil, "these exit statuses, or statuses of responses")
	fs.StringArrayVar(&f.keys, "key", nil, "the item with this key (repeatable)")
	fs.StringVar(&f.where, "where", "", "those for which a jq expression is true")
	fs.StringVar(&f.sel, "select", "", "print what a jq expression makes of each")
	fs.StringVar(&f.format, "format", "", "how: "+strings.Join(show.Formats, ", "))
	fs.Bool("keys", false, "just the keys, a line each: --format keys")
	fs.StringVarP(&f.output, "output", "o", "", "write to this file; without --format in the format of its ending")
	return cmd
}

func (f *showFlags) run(cmd *cobra.Command, file string) error {
	filter, err := f.filter()
	if err != nil {
		return err
	}
	if keys, _ := cmd.Flags().GetBool("keys"); keys {
		f.format = "keys"
	}
	plain := f.format == "" && f.sel == "" && f.output == "" && !cmd.Flags().Changed("failed") && !cmd.Flags().Changed("ok") &&
		f.status == nil && f.codes == nil && f.keys == nil && f.where == ""
	if plain {
		sum := show.NewSummary()
		if err := show.Each(file, filter, func(k results.Kept) error { sum.Add(k); return nil }); err != nil {
			return ioError(err)
		}
		return outputError(sum.Write(cmd.OutOrStdout(), file))
	}
	if f.output == "" {
		return f.print(cmd.OutOrStdout(), file, filter)
	}
	if f.format == "" {
		f.format = strings.TrimPrefix(strings.ToLower(filepath.Ext(f.output)), ".")
	}
	return ioError(entryfile.Replace(f.output, func(w io.Writer) error { return f.print(w, file, filter) }))
}

func (f *showFlags) filter() (show.Filter, error) {
	filter := show.Filter{Codes: f.codes, Keys: f.keys}
	for _, s := range f.status {
		if err := oneOf("status", s, string(record.OK), string(record.Failed), string(record.Timeout), string(record.Canceled)); err != nil {
			return filter, err
		}
		filter.Status = append(filter.Status, record.Status(s))
	}
	if f.ok && f.failed {
		return filter, usagef("--ok and --failed are all there is: leave both out")
	}
	if f.ok {
		filter.Status = append(filter.Status, record.OK)
	}
	if f.failed {
		filter.Status = append(filter.Status, record.Failed, record.Timeout, record.Canceled)
	}
	if f.where != "" {
		q, err := show.ParseQuery(f.where)
		if err != nil {
			return filter, usagef("--where: %w", err)
		}
		filter.Where = q
	}
	return filter, nil
}

func (f *showFlags) print(to io.Writer, file string, filter show.Filter) error {
	w := bufio.NewWriterSize(to, 64<<10)
	each, end, err := f.writer(w)
	if err != nil {
		return err
	}
	if err := show.Each(file, filter, each); err != nil {
		w.Flush() //nolint:errcheck // the error is the file's
		return ioError(err)
	}
	return outputError(errors.Join(end(), w.Flush()))
}

func (f *showFlags) writer(w io.Writer) (each func(results.Kept) error, end func() error, err error) {
	if f.sel != "" {
		q, err := show.ParseQuery(f.sel)
		if err != nil {
			return nil, nil, usagef("--select: %w", err)
		}
		return func(k results.Kept) error {
			values, err := q.Values(k)
			for _, v := range values {
				if err := show.Value(w, v); err != nil {
					return err
				}
			}
			return err
		}, func() error { return nil }, nil
	}
	format := f.format
	if format == "" {
		format = "table"
	}
	o, err := show.NewWriter(w, format)
	if err != nil {
		return nil, nil, usagef("%w", err)
	}
	return o.Write, o.End, nil
}
