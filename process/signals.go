package process

import (
	"bytes"
	"os"
	"os/signal"
	"runtime"

	"parfor.dev/parfor/internal/wire"
)

// maxDump bounds the stacks that a worker sends before it is killed.
const maxDump = 1 << 20

// exitStacks is the status of a worker that has told its stacks for a SIGQUIT.
const exitStacks = 99

// signals makes the worker deaf to what a terminal or a service manager sends:
// its pool decides when it ends. The signals are caught and dropped, not
// ignored, because an ignored signal stays ignored in the programs that bodies
// run. On QUIT it sends its stacks, which the runtime's own dump lacks for the
// goroutine of another thread, then ends.
func (w *worker) signals() {
	got := make(chan os.Signal, 8)
	signal.Notify(got, workerSignals...)
	go func() {
		for s := range got {
			if s == quitSignal {
				w.dump()
				os.Exit(exitStacks)
			}
		}
	}()
}

func (w *worker) dump() {
	buf := make([]byte, maxDump)
	buf = bodiesFirst(buf[:runtime.Stack(buf, true)])
	if w.up.TryWrite(wire.Dump, buf) != nil {
		os.Stderr.Write(buf)
	}
}

// bodiesFirst moves the goroutines that run bodies to the front.
func bodiesFirst(dump []byte) []byte {
	var first, rest [][]byte
	for _, g := range bytes.Split(dump, []byte("\n\n")) {
		if bytes.Contains(g, []byte("process.(*attempt).run(")) {
			first = append(first, g)
		} else {
			rest = append(rest, g)
		}
	}
	return bytes.Join(append(first, rest...), []byte("\n\n"))
}
