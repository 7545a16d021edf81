//go:build unix && !linux

package compare

import "syscall"

// dieWithParent is nothing that this system offers.
func dieWithParent(*syscall.SysProcAttr) {}
