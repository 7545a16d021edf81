//go:build !unix

package parfor

import "time"

func cpuTime() time.Duration { return 0 }
