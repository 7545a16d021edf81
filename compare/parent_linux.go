package compare

import "syscall"

// dieWithParent has the system kill a process with the thread that started it,
// which covers a parent that was killed itself. Go's threads live as long as
// their program, but for those that a goroutine locked and ended with: bodies
// of ours don't.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
