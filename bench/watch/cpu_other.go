//go:build !unix

package main

import "time"

var began = time.Now()

// processorTime is the time on the wall where the other isn't known.
func processorTime() time.Duration { return time.Since(began) }
