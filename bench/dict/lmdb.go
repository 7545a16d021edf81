package main

import (
	"flag"
	"os"
	"os/exec"
	"strconv"
)

var lmdb = flag.String("lmdb", "", "the program of ../lmdb, to run beside each row of worker processes")

// lmdbRate runs one row on LMDB, in a fresh database in memory if the machine
// has such a place, and returns operations per second.
func lmdbRate(op, kind string, keys, per, workers int) float64 {
	where := "/dev/shm"
	if _, err := os.Stat(where); err != nil {
		where = ""
	}
	dir, err := os.MkdirTemp(where, "lmdb")
	must(err)
	defer os.RemoveAll(dir)
	return rateOf(exec.Command(*lmdb, dir, op, kind, strconv.Itoa(keys), strconv.Itoa(per), strconv.Itoa(workers)))
}
