package process

import (
	"fmt"
	"syscall"

	"parfor.dev/parfor"
)

// fate is why the pool kills a worker of its own accord.
type fate struct {
	proc   *proc // the life it is about
	cause  parfor.Cause
	reason string
}

// outOfTime is that of a worker whose task has a verdict of its own.
var outOfTime = &fate{}

// sentence leaves a verdict for the owner. The first one counts.
func (o *owner) sentence(f *fate) {
	if o.fate.CompareAndSwap(nil, f) {
		o.signal()
	}
}

// putDown kills the worker: what waits in it is given back first.
func (o *owner) putDown(f *fate) {
	if f.proc != o.proc || o.proc.ended.Load() {
		return
	}
	o.proc.fate = f
	o.stepAside()
	o.proc.kill()
	o.stage = dying
}

// explain adds to a death what the pool knows of it.
func (o *owner) explain(d *death) {
	f, p := o.proc.fate, o.pool
	switch {
	case f == outOfTime:
	case f != nil: // it may have ended itself, after it was asked for its stacks
		d.cause, d.reason = f.cause, f.reason
	case d.signal == syscall.SIGKILL && !o.killed.Load() && p.container.oomKilled():
		d.cause = parfor.OOM
		d.reason = "likely OOM-killed: the kernel has just killed a process of this container for lack of memory; fewer workers or process.MemoryLimit help"
	case d.cause == parfor.OOM && p.memory > 0:
		d.reason = fmt.Sprintf("its MemoryLimit is %s", mebibytes(p.memory))
	}
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
