package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"parfor.dev/parfor/compare"
	"parfor.dev/parfor/compare/report"
)

// plotFlags are what the user said.
type plotFlags struct {
	files  []string
	linear bool
	metric string
	width  int
}

// plotFormats are what a report is redrawn as: its JSON is there already.
var plotFormats = []string{".svg", ".html", ".csv"}

func plotCommand() *cobra.Command {
	var f plotFlags
	cmd := &cobra.Command{
		Use:   "plot [flags] FILE…",
		Short: "Draws again, and over each other, what compare measured",
		Long: `Draws again, and over each other, what compare measured. FILE is a
parfor-compare.json; every run is in it, so nothing is measured again.

The tables and the chart go to the terminal, or where -o says. Of several files
the lines share one chart, each under its file's name; their sizes may differ,
but what they count may not. No verdict is drawn between files: they were
measured apart, maybe on different machines.

Files that parfor did not write are not replaced. The exit code is 2 for a file
that is no report, and 3 for one that can't be read or written.`,
		Example: `  parfor plot parfor-compare.json
  parfor plot old.json new.json -o both.svg -o both.html
  parfor plot parfor-compare.json --metric throughput --linear`,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(args); err != nil {
				return err
			}
			return f.run(cmd, args)
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringArrayVarP(&f.files, "output", "o", nil, "write to `FILE` instead, by its ending: .svg, .html, .csv (repeatable)")
	fs.BoolVar(&f.linear, "linear", false, "axes from zero; otherwise both are logarithmic")
	fs.StringVar(&f.metric, "metric", "time", "`WHAT` the chart shows: time or throughput")
	fs.IntVar(&f.width, "width", 0, "be `N` columns wide on the terminal, from 60, or pixels as .svg, from 320")
	return cmd
}

// check refuses what makes no sense before anything is read.
func (f *plotFlags) check(args []string) error {
	if len(args) == 0 {
		return usagef("plot needs a file: parfor compare writes parfor-compare.json")
	}
	if f.metric != "time" && f.metric != "throughput" {
		return usagef("--metric %q: there is time and throughput", f.metric)
	}
	svg := false
	for i, path := range f.files {
		ending := strings.ToLower(filepath.Ext(path))
		if !slices.Contains(plotFormats, ending) {
			return usagef("-o %s: the name must end in .svg, .html or .csv", path)
		}
		if slices.Contains(f.files[:i], path) {
			return usagef("-o %s is given twice", path)
		}
		svg = svg || ending == ".svg"
	}
	least := 60
	if len(f.files) > 0 {
		least = 320
	}
	switch {
	case f.width == 0:
	case len(f.files) > 0 && !svg:
		return usagef("--width %d: it is of the terminal or an .svg, and neither is drawn", f.width)
	case f.width < least || f.width > 10_000:
		return usagef("--width %d: must be between %d and 10,000 here", f.width, least)
	}
	return nil
}

func (f *plotFlags) run(cmd *cobra.Command, args []string) error {
	for _, path := range f.files {
		if err := compare.CanSave(path); err != nil {
			return ioError(err)
		}
	}
	sources, err := readReports(args)
	if err != nil {
		return err
	}
	drawn := sources[0].Report
	if len(sources) > 1 {
		if drawn, err = report.Overlay(sources); err != nil {
			return usagef("%w: plot them one by one", err)
		}
	}
	view := report.View{Linear: f.linear, Throughput: f.metric == "throughput"}
	if len(f.files) == 0 {
		return f.show(cmd.OutOrStdout(), view, sources, drawn)
	}
	look := compare.Look{View: view, Size: report.Size{Width: float64(f.width), Height: float64(f.width) * 0.6}}
	for _, path := range f.files {
		if err := look.Save(path, drawn); err != nil {
			return ioError(err)
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", strings.Join(f.files, " · "))
	return nil
}

// show prints the tables, each under its file's name, and one chart.
func (f *plotFlags) show(w io.Writer, view report.View, sources []report.Source, drawn *report.Report) error {
	text := report.Text{Width: f.width, View: view}
	if text.Width == 0 {
		text.Width, _, _ = terminal(os.Stdout)
	}
	var b bytes.Buffer
	if len(sources) > 1 {
		for _, s := range sources {
			fmt.Fprintf(&b, "%s\n%s%s\n", s.Name, text.Grid(s.Report.Drawn()), text.Checks(s.Report))
		}
	}
	b.WriteString(text.Redraw(drawn))
	_, err := w.Write(b.Bytes())
	return ioError(err)
}

// readReports reads the files, and names each by as much of its path as tells
// it from the others.
func readReports(paths []string) ([]report.Source, error) {
	bases := map[string]int{}
	for _, path := range paths {
		bases[filepath.Base(path)]++
	}
	var sources []report.Source
	for _, path := range paths {
		r, err := readReport(path)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(path)
		if bases[name] > 1 {
			name = path
		}
		sources = append(sources, report.Source{Name: name, Report: r})
	}
	return sources, nil
}

func readReport(path string) (*report.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, ioError(err)
	}
	defer file.Close()
	// What was read is kept, to tell a report that ends early from other files.
	var head bytes.Buffer
	r, err := report.ReadJSON(io.TeeReader(file, &headWriter{&head}))
	var broken *os.PathError
	switch ours := report.Ours(head.Bytes()); {
	case err == nil:
		return r, nil
	case errors.As(err, &broken):
		return nil, ioError(broken)
	case ours && errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ioError(fmt.Errorf("%s: the report is torn, its end is missing; the page beside it (.html) may have all, under Save as JSON", path))
	case ours && strings.EqualFold(filepath.Ext(path), ".json"):
		return nil, usagef("%s: the report is damaged: %w", path, err)
	case ours:
		return nil, usagef("%s is what compare or plot drew: give the .json, which has the runs", path)
	}
	return nil, usagef("%s: %w; parfor compare writes parfor-compare.json", path, err)
}

// headWriter keeps the first bytes.
type headWriter struct{ head *bytes.Buffer }

func (h *headWriter) Write(b []byte) (int, error) {
	if room := 4<<10 - h.head.Len(); room > 0 {
		h.head.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}
