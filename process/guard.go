package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"parfor.dev/parfor/internal/task"
)

// guardVar marks a worker process. Its value is
// version:nonce:limits:initializer, where the nonce is that of the inherited
// memory and limits says which variables of the environment are the pool's, and
// what the worker is to impose on itself (see limits.append).
const guardVar = "PARFOR_WORKER"

const guardVersion = "1"

// Descriptors that a worker inherits, after the standard three.
const (
	ctlFD  = 3 // frames from the pool
	bellFD = 4 // bytes from the pool: requests are there
	upFD   = 5 // frames to the pool
	memFD  = 6
	seenFD = 7 // memory of dictionaries, to be read only
	lifeFD = 8 // nothing is ever written to it
)

// inherited is what the environment says about this process.
var inherited struct {
	worker bool
	nonce  uint64
	init   string // name of the initializer, or empty
	limits string // that the worker imposes on itself
	err    error
}

// The variable is gone before any other code can start a process, so that a
// program which a body runs is not taken for a worker.
func init() {
	v, ok := os.LookupEnv(guardVar)
	if !ok {
		return
	}
	os.Unsetenv(guardVar)
	inherited.worker = true
	task.InWorker.Store(true)
	f := strings.SplitN(v, ":", 4)
	if len(f) != 4 || f[0] != guardVersion {
		inherited.err = fmt.Errorf("parfor: %s=%q is not from this version of parfor", guardVar, v)
		return
	}
	procs, limits, _ := strings.Cut(f[2], ",")
	if procs == "procs" {
		os.Unsetenv("GOMAXPROCS")
	}
	inherited.limits = limits
	grasp(lifeFD)
	inherited.nonce, inherited.err = strconv.ParseUint(f[1], 16, 64)
	inherited.init = f[3]
}

func guardValue(nonce uint64, procs bool, limits, initializer string) string {
	if procs {
		limits = "procs," + limits
	} else {
		limits = "," + limits
	}
	return fmt.Sprintf("%s=%s:%x:%s:%s", guardVar, guardVersion, nonce, limits, initializer)
}

// exitNoMain is the status of a worker that would start workers.
const exitNoMain = 97

// refuseInWorker ends a worker process that got as far as using pools because
// it never called Main: it would be a program running beside its parent.
func refuseInWorker() {
	if inherited.worker && mainSite.Load() == nil {
		fmt.Fprintln(os.Stderr, "parfor: this is a worker process, and the program went on without process.Main: call it right after flag.Parse, on every path")
		os.Exit(exitNoMain)
	}
}
