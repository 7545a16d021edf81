package main

import (
	_ "embed"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

//go:embed manager.py
var managerScript string

var manager = flag.String("manager", "", "a Python 3, whose Manager().dict is to run beside each row of worker processes")

// managerRate runs one row on Python's Manager and returns operations per second.
func managerRate(op, kind string, per, workers int) float64 {
	return rateOf(exec.Command(*manager, "-c", managerScript, op, kind, strconv.Itoa(per), strconv.Itoa(workers)))
}

// rateOf runs a program that prints a rate.
func rateOf(cmd *exec.Cmd) float64 {
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	must(err)
	rate, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	must(err)
	return rate
}
