//go:build !linux

package shm

import (
	"sync/atomic"
	"time"
)

// Elsewhere a slot looks again and again.
func sleepOn(word *atomic.Uint32, value uint32) { time.Sleep(50 * time.Microsecond) }

func wakeWord(word *atomic.Uint32) {}
