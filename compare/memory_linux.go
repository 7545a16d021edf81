package compare

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
)

// memory watches how much a run needs.
type memory struct{ before int64 }

// watchMemory gives back what runs before have left, and starts anew.
func watchMemory() memory {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forget the peak (man 5 proc)
	return memory{statusOf("self", "VmRSS")}
}

// total is the peak of this process since the watch began.
func (memory) total() int64 { return statusOf("self", "VmHWM") }

// added is what the run added: the growth of this process, and of each worker
// the pages that are its own. Program text is shared with us and costs nothing.
// Call it while the workers live.
func (m memory) added(workers []int) int64 {
	sum := max(0, statusOf("self", "VmHWM")-m.before)
	for _, pid := range workers {
		sum += statusOf(strconv.Itoa(pid), "RssAnon") + statusOf(strconv.Itoa(pid), "RssShmem")
	}
	return sum
}

// statusOf reads a size of a process from /proc, in bytes; 0 if it is gone.
func statusOf(pid, field string) int64 {
	b, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(b, []byte("\n"+field+":"))
	if !ok {
		return 0
	}
	f := bytes.Fields(rest)
	if len(f) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(string(f[0]), 10, 64)
	return kib << 10
}
