//go:build unix

package child

import "syscall"

// noQuota is a disk that is full for this user.
const noQuota = syscall.EDQUOT
