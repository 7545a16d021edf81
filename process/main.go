package process

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"

	"parfor.dev/parfor/internal/registry"
)

// ErrNoMain means that the program never called [Main], so that its worker
// processes would run the whole program again.
var ErrNoMain = errors.New("parfor: process.Main was not called: call it in main right after flag.Parse (in tests: func TestMain(m *testing.M) { process.TestMain(m) })")

var mainSite atomic.Pointer[string]

// Main makes this program one that can have worker processes. Call it in main
// after flag.Parse and before any other effect: in a worker process it runs
// tasks and never returns. In the program itself it returns at once; from then
// on no further function can be registered.
func Main() {
	site := "an unknown place"
	if _, file, line, ok := runtime.Caller(1); ok {
		site = fmt.Sprintf("%s:%d", file, line)
	}
	begin(site)
}

func begin(site string) {
	mainSite.CompareAndSwap(nil, &site)
	registry.Seal(site)
	if !inherited.worker {
		return
	}
	if inherited.err != nil {
		fmt.Fprintln(os.Stderr, inherited.err)
		os.Exit(exitNoMain)
	}
	runWorker()
}

// IsWorker reports whether this process is a worker, also in package
// initialisers: what must exist once per program stands aside there.
func IsWorker() bool { return inherited.worker }
