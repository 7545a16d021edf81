//go:build !linux

package meter

// baseOffset places the process's start on the wall clock, the only one that
// the standard library lets processes share here.
func baseOffset() int64 { return base.UnixNano() }
