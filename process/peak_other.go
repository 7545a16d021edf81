//go:build !linux

package process

// Other systems count a program's memory from its own start.

func ownPeak() int64   { return 0 }
func peakOf(int) int64 { return 0 }
