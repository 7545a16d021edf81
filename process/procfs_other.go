//go:build !linux

package process

import "time"

func memoryOf(*proc) (int64, bool)    { return 0, false }
func cpuOf(int) (time.Duration, bool) { return 0, false }
func stateOf(int) (string, bool)      { return "", false }
