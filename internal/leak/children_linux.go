package leak

import (
	"fmt"
	"os"
	"strings"
)

// children lists the child processes, those that ended and were not waited for
// included. Without CONFIG_PROC_CHILDREN in the kernel it finds none.
func children() []thing {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	var all []thing
	for _, task := range tasks { // a child belongs to the thread that started it
		b, err := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		if err != nil {
			continue
		}
		for _, pid := range strings.Fields(string(b)) {
			all = append(all, thing{pid, fmt.Sprintf("child process %s is left: %s", pid, commandOf(pid))})
		}
	}
	return all
}

func commandOf(pid string) string {
	line, err := os.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil || len(line) == 0 {
		return "it has ended and nobody waited for it"
	}
	return strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
}
