package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"parfor.dev/parfor"
	"parfor.dev/parfor/logs"
	"parfor.dev/parfor/metrics"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/progress"
	"parfor.dev/parfor/trace"
)

// watcher is a way to have a loop watched: what it adds to the loop's options,
// and what is to be done after the loop, which counts too. A journal is among
// them: it watches what is done, and writes it down.
type watcher struct {
	name string
	open func() (opts []parfor.Option, end func())
}

var watchers = []watcher{
	{"none", observed(nil)},
	{"none again", observed(nil)},
	{"counters", observed(func() observe.Observer { return deaf{} })},
	{"progress", observed(func() observe.Observer {
		return progress.Line(io.Discard, progress.As(progress.Terminal), progress.Width(100))
	})},
	{"logs", observed(func() observe.Observer { return logs.New(slog.New(slog.NewTextHandler(io.Discard, nil))) })},
	{"metrics", observed(func() observe.Observer { return metrics.New() })},
	{"trace", traced()},
	{"trace, compressed", traced(trace.Gzip())},
	{"journal", journaled()},
	{"all together", func() ([]parfor.Option, func()) {
		t := trace.New(io.Discard)
		return []parfor.Option{
			parfor.Observe(progress.Line(io.Discard, progress.As(progress.Terminal), progress.Width(100))),
			parfor.Observe(logs.New(slog.New(slog.NewTextHandler(io.Discard, nil)))),
			parfor.Observe(metrics.New()),
			parfor.Observe(t),
		}, func() { must(t.Close()) }
	}},
}

// observed has a loop watched by what make makes.
func observed(make func() observe.Observer) func() ([]parfor.Option, func()) {
	return func() ([]parfor.Option, func()) {
		if make == nil {
			return nil, func() {}
		}
		return []parfor.Option{parfor.Observe(make())}, func() {}
	}
}

// journaled gives each loop a new journal.
func journaled() func() ([]parfor.Option, func()) {
	return func() ([]parfor.Option, func()) {
		dir, err := os.MkdirTemp("", "watch")
		must(err)
		return []parfor.Option{parfor.Journal(filepath.Join(dir, "journal")), parfor.Name("watched")}, func() { must(os.RemoveAll(dir)) }
	}
}

func traced(opts ...trace.Option) func() ([]parfor.Option, func()) {
	return func() ([]parfor.Option, func()) {
		t := trace.New(io.Discard, opts...)
		return []parfor.Option{parfor.Observe(t)}, func() { must(t.Close()) }
	}
}

// deaf is an observer that doesn't listen: what is left is the counting.
type deaf struct{}

func (deaf) Start(observe.Start) {}
func (deaf) Frame(observe.Frame) {}
func (deaf) Event(observe.Event) {}
func (deaf) End(observe.End)     {}
