package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// foreign are the words that other programs have for what a command can do,
// and ours for it. People's fingers know xargs, parallel, hey, ab and hyperfine.
var foreign = map[string]map[string]string{
	"compare": {
		"P": "-j", "max-procs": "-j", "jobs": "-j", "c": "-j", "concurrency": "-j", "threads": "-j", "t": "-j", "max-workers": "-j",
		"n": "--sizes", "requests": "--sizes", "N": "--sizes", "number": "--sizes",
		"z": "--budget", "duration": "--budget", "time": "--budget", "timeout": "--budget",
		"r": "--runs", "m": "--runs", "min-runs": "--runs", "M": "--runs", "max-runs": "--runs", "repeat": "--runs",
		"export-json": "-o FILE.json", "export-csv": "-o FILE.csv", "json": "-o FILE.json", "csv": "-o FILE.csv",
		"html": "-o FILE.html", "svg": "-o FILE.svg", "delay": "--latency",
		"X": oneBody, "request": oneBody, "d": oneBody, "data": oneBody, "H": oneBody, "header": oneBody, "u": oneBody, "user": oneBody,
		"F": oneBody, "form": oneBody,
	},
	"plot": {
		"log-x": logAxes, "log-y": logAxes, "log": logAxes, "logscale": logAxes, "loglog": logAxes, "log-time": logAxes,
		"lin": "--linear", "linear-x": "--linear", "linear-y": "--linear", "no-log": "--linear",
		"rps": "--metric throughput", "qps": "--metric throughput", "throughput": "--metric throughput", "rate": "--metric throughput", "y": "--metric time|throughput",
		"export-csv": "-o FILE.csv", "csv": "-o FILE.csv", "html": "-o FILE.html", "svg": "-o FILE.svg", "out": "-o", "file": "-o",
		"png": "-o FILE.svg (browsers and rsvg-convert make a picture of it)",
		"w":   "--width", "columns": "--width", "size": "--width",
	},
	"mock": {
		"p": "--addr 127.0.0.1:PORT", "port": "--addr 127.0.0.1:PORT", "listen": "--addr", "host": "--addr", "bind": "--addr",
		"delay": "--latency", "rate": "--rate-limit", "qps": "--rate-limit", "q": "--rate-limit",
	},
}

// logAxes answers those who ask for what there is.
const logAxes = "nothing for it: both axes are logarithmic unless --linear"

// oneBody answers the flags of curl.
const oneBody = `-- curl -sS … -d '{"number":{}}' URL to run curl for each item (without --, each request is a POST of {"number": n})`

// flagError answers what a command does not know with what it does.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usagef("%w: see %s --help", err, cmd.CommandPath())
	}
	name := unknown.GetSpecifiedName()
	ours, known := foreign[cmd.Name()][name]
	if !known {
		return usagef("%w: see %s --help", err, cmd.CommandPath())
	}
	dashes := "--"
	if unknown.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	return usagef("%s has no %s%s: write %s", cmd.Name(), dashes, name, ours)
}
