package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/shm"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/wire"
)

// maxStack is far above what a sane recursion needs and far below what would
// make the machine swap before the runtime gives up (its own limit is 1 GB): the
// pages of a runaway stack cost seconds to touch.
const maxStack = 64 << 20

// worker is this process, when it is one.
type worker struct {
	mem *shm.Memory

	identity shm.Identity
	queue    *shm.Queue
	up       *wire.Writer
	bodies   []*registry.Body
	loops    loops
	calls    upcalls
	log      logWindow
	profiles profiler
	lead     sync.Mutex // held by the slot that waits for the bell
	quit     atomic.Bool
	telling  sync.Mutex // of records that were dropped
}

// runWorker never returns. Nothing in it may print to stdout: that is the
// user's.
func runWorker() {
	mem, err := shm.Open(memFD, inherited.nonce)
	if err != nil {
		fail("%v", err)
	}
	w := &worker{mem: mem, identity: mem.Identity(), queue: mem.Queue(), bodies: registry.All()}
	itself = Worker{Number: int(w.identity.Number), Life: int(w.identity.Nth)}
	w.up = wire.NewWriter(inheritedFile(upFD, "parfor-up"))
	w.loops.init(w.identity.Pool)
	keepFD(bellFD)
	keepFD(memFD)
	keepFD(seenFD)
	arena.Inherit(seenFD)
	ctl := inheritedFile(ctlFD, "parfor-ctl")
	w.signals()
	if err := w.impose(); err != nil {
		fail("%v", err)
	}
	debug.SetMaxStack(maxStack)
	call.ToOwner = w.toOwner
	task.Undecided.Wait, task.Undecided.Solo = w.await, mem.Slots() == 1
	task.Undecided.Read = func(slot int) uint64 { return mem.Status(slot).Read.Load() }
	go w.obey(ctl)
	hello := binary.LittleEndian.AppendUint64(nil, registry.Fingerprint())
	if err := w.up.Write(wire.Hello, hello); err != nil {
		fail("the pool is gone: %v", err)
	}
	w.startLog()
	w.initialize()
	for i := range mem.Slots() {
		go newSlot(w, i).run()
	}
	settleIn()
	select {}
}

// fail ends the worker because the pool's side of it is broken.
func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "parfor: worker %d: %s\n", os.Getpid(), fmt.Sprintf(format, args...))
	os.Exit(exitBroken)
}

// exitBroken is the status of a worker that lost its pool's pipes or memory.
const exitBroken = 98

// initialize runs the pool's initializer. Without one the worker is ready as
// soon as it has said hello.
func (w *worker) initialize() {
	if inherited.init == "" {
		return
	}
	b := registry.Named(inherited.init)
	if b == nil {
		w.up.Write(wire.InitFailed, errwire.Append(nil, fmt.Errorf("parfor: no initializer %q in the worker", inherited.init)))
		select {}
	}
	done := make(chan error, 1)
	go w.loops.initializer(b, done)
	if err := <-done; err != nil {
		w.up.Write(wire.InitFailed, errwire.Append(nil, err))
		select {} // the pool ends this process
	}
	w.up.Write(wire.Ready, nil)
}

// obey reads what the pool says. The end of the pipe is the end of the pool:
// then this process dies at once, and what its bodies started with it.
func (w *worker) obey(ctl *os.File) {
	in := wire.NewReader(ctl, 1<<40)
	for {
		t, b, err := in.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) { // a body closed it, or reads what isn't its own
				fail("the pipe from the pool: %v", err)
			}
			killOwnGroup()
			os.Exit(exitBroken)
		}
		switch t {
		case wire.Open:
			err = w.loops.open(b)
		case wire.Cancel:
			err = w.loops.cancel(b)
		case wire.Close:
			err = w.loops.close(b)
		case wire.Reply:
			err = w.calls.reply(b)
		case wire.Profile:
			err = w.profiles.order(w.up, b)
		case wire.Logged:
			err = w.hasRead(b)
		case wire.Quit:
			go w.leave()
		}
		if err != nil {
			fail("%v", err)
		}
	}
}

// leave ends a worker that has no more tasks.
func (w *worker) leave() {
	if !w.quit.CompareAndSwap(false, true) {
		return
	}
	if err := task.ExitWorker(); err != nil {
		w.up.Write(wire.Leaving, errwire.Append(nil, err))
	}
	w.tellDropped()
	os.Exit(0)
}

// bell tells the pool that results are there, if it waits.
func (w *worker) bell() {
	if w.mem.Bells.Waiting.Load() != 0 && w.mem.Bells.Waiting.Swap(0) != 0 {
		w.up.Write(wire.Bell, nil)
	}
}
