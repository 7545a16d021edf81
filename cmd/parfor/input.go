package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"parfor.dev/parfor/cmd/parfor/internal/item"
	"parfor.dev/parfor/cmd/parfor/internal/template"
)

// errNoItems ends a command that got nothing to do.
var errNoItems = usagef("no items: the input is empty; if that is fine, --allow-empty says so")

// sources are where the items come from: those of -i, then the lists that the
// command line ends with, else standard input if it is a pipe or a file.
func (f *loopFlags) sources(lists []string, stdinTaken bool) ([]item.Spec, error) {
	more, err := item.Lists(lists)
	if err != nil {
		return nil, usagef("%w", err)
	}
	specs := append(item.Specs(f.in), more...)
	if len(specs) > 0 {
		return specs, nil
	}
	if stdinTaken || !item.HasInput(os.Stdin) {
		return nil, errNoSource
	}
	return item.Specs([]string{"-"}), nil
}

// fromTerminal reports whether items come from a terminal on standard input.
func fromTerminal(specs []item.Spec) bool {
	_, _, tty := windowSize(os.Stdin)
	return tty && slices.ContainsFunc(specs, func(s item.Spec) bool {
		return !s.Literal && (s.Source == "-" || strings.HasSuffix(s.Source, "=-"))
	})
}

func (f *loopFlags) openInput(specs []item.Spec) (*item.Source, error) {
	opt := item.Options{Zip: f.zip, NoHeader: f.noHeader}
	if f.format != "" {
		format, err := item.ParseFormat(f.format)
		if err != nil {
			return nil, usagef("--format: %w", err)
		}
		opt.Format = format
	}
	src, err := item.Open(specs, opt)
	if err != nil {
		return nil, inputError(err)
	}
	return src, nil
}

// errNoSource has the command print its help: somebody typed just its name.
var errNoSource = usagef("no items: give a list after :::, -i SOURCE, or a pipe")

// inputError tells mistakes on the command line from files that can't be read.
func inputError(err error) error {
	var system syscall.Errno
	if errors.As(err, &system) || errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		return ioError(err)
	}
	return usagef("%w", err)
}

// keyTemplate is what items are called, nil if they have keys of their own.
func (f *loopFlags) keyTemplate(schema item.Schema) (*template.Template, error) {
	if f.key == "" {
		if schema.Keyless && len(f.outputs) > 0 {
			return nil, usagef("the items have no id and no key, so -o would not know what to call them: add --key, as in --key '{name}'")
		}
		return nil, nil
	}
	t, err := template.Parse(f.key, schema, f.marker)
	if err != nil {
		return nil, usagef("--key: %w", err)
	}
	if !t.Has() {
		return nil, usagef("--key %q has no placeholder: all items would be called the same", f.key)
	}
	return &t, nil
}

// keyOf is an item's key: what --key makes of it, its own, or its number.
func keyOf(t *template.Template, it *item.Item) (string, error) {
	if t != nil {
		key, err := t.Text(it, template.Env{Seq: it.Seq})
		if err != nil {
			return "", fmt.Errorf("--key: item %d: %w", it.Seq, err)
		}
		return key, nil
	}
	if key, ok := it.Key(); ok {
		return key, nil
	}
	return fmt.Sprint(it.Seq), nil
}

// cutLists takes the lists that a command line ends with off it: the first bare
// ::: or :::: ends the command.
func cutLists(args []string) (command, lists []string) {
	for i, a := range args {
		switch a {
		case ":::", ":::+", "::::", "::::+":
			return args[:i], args[i:]
		}
	}
	return args, nil
}

// wereSaid reports which flags stand on the command line.
func wereSaid(fs *pflag.FlagSet) func(string) bool { return fs.Changed }
