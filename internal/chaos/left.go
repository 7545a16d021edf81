//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parfor.dev/parfor/internal/leak"
)

// nothingLeft wants what there was before: no further goroutine, descriptor, child
// or mapping; and nobody that a worker has started, but what left its group.
func nothingLeft(before *leak.Baseline, room string) error {
	left := before.Left()
	left = append(left, unmapped(2*time.Second)...)
	left = append(left, gone(room, false, 2*time.Second)...)
	left = append(left, gone(room, true, 20*time.Second)...) // the ones that left end by themselves
	if len(left) > 0 {
		return errors.New("left behind: " + strings.Join(left, "\n"))
	}
	return nil
}

// unmapped waits until no memory of workers is mapped here but the witness's of a
// soak, whose last large result may not yet be put away, and lists what stays.
func unmapped(patience time.Duration) (left []string) {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		left = nil
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			return []string{err.Error()}
		}
		for line := range strings.Lines(string(maps)) {
			if strings.Contains(line, "memfd:parfor (") {
				left = append(left, "mapping "+strings.TrimSpace(line))
			}
		}
		if len(left) <= 1 {
			return nil
		}
		if time.Now().After(end) {
			return left
		}
	}
}

// gone waits until no process is there that inherited the room's name, and lists
// those that stay. Who leads its session has left its worker's group.
func gone(room string, leaders bool, patience time.Duration) (left []string) {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		left = nil
		envs, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, f := range envs {
			env, err := os.ReadFile(f)
			if err != nil || !strings.Contains(string(env), "\x00"+roomVar+"="+room) {
				continue
			}
			dir := filepath.Dir(f)
			stat, err := os.ReadFile(dir + "/stat")
			if err != nil {
				continue
			}
			var state string
			var parent, group, session int
			pid := filepath.Base(dir)
			_, rest, _ := strings.Cut(string(stat), ") ")
			fmt.Sscan(rest, &state, &parent, &group, &session)
			if state != "Z" && leaders == (fmt.Sprint(session) == pid) {
				line, _ := os.ReadFile(dir + "/cmdline")
				left = append(left, fmt.Sprintf("process %s of group %d: %q", pid, group, line))
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}
