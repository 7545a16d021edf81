package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

var big = flag.Bool("big", false, "run the scripts that need minutes, and gigabytes of TMPDIR")

// condition is what scripts may ask of the machine.
func condition(name string) (bool, error) {
	switch name {
	case "big":
		return *big, nil
	case "root":
		return os.Geteuid() == 0, nil
	case "tmpfs":
		return mayMount(), nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}

// mayMount reports whether a script can mount a file system of its own, in a
// name space that ends with it.
var mayMount = sync.OnceValue(func() bool {
	return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt").Run() == nil
})
