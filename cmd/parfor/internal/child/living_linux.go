package child

import (
	"bytes"
	"os"
	"strconv"
)

// living says whether a group has a process that is not a zombie. Orphans stay
// zombies until process 1 looks after them, which takes a second here and, in
// a container whose process 1 is no init, forever.
func living(group int) bool {
	proc, err := os.Open("/proc")
	if err != nil {
		return true
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return true
	}
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err == nil && livesIn(stat, group) {
			return true
		}
	}
	return false
}

// livesIn reads "pid (name) state parent group …"; a name may have any
// character.
func livesIn(stat []byte, group int) bool {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 || string(fields[2]) != strconv.Itoa(group) {
		return false
	}
	return fields[0][0] != 'Z' && fields[0][0] != 'X'
}
