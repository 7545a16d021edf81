package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"sync"
)

var big = flag.Bool("big", false, "run the scripts that need minutes, and gigabytes of TMPDIR")

// condition is what scripts may ask of the machine.
func condition(name string) (bool, error) {
	switch name {
	case "big":
		return *big, nil
	case "race":
		return isRace(), nil
	case "root":
		return os.Geteuid() == 0, nil
	case "pty":
		return mayOpenPTY(), nil
	case "tmpfs":
		return mayMount(), nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}

// isRace reports whether memory is that of the race detector.
func isRace() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// mayMount reports whether a script can mount a file system of its own, in a
// name space that ends with it.
var mayMount = sync.OnceValue(func() bool {
	return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt").Run() == nil
})
