package leak

import (
	"runtime"
	"strings"
)

// resident are functions of goroutines that the runtime and the standard
// library start once and keep.
var resident = []string{
	"os/signal.signal_recv",
	"os/signal.loop",
	"runtime.ensureSigM",
	"testing.(*M).startAlarm",
	"testing.runFuzzing",
	"runtime/pprof.",
	"internal/leak.goroutines", // the one that asks
}

// goroutines lists those that run, but for the resident ones.
func goroutines() []thing {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var all []thing
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if stack = strings.TrimSpace(stack); stack == "" || isResident(stack) {
			continue
		}
		id, _, _ := strings.Cut(stack, " [") // "goroutine 17 [running]:"
		all = append(all, thing{id, stack})
	}
	return all
}

func isResident(stack string) bool {
	for _, f := range resident {
		if strings.Contains(stack, f) {
			return true
		}
	}
	return false
}
