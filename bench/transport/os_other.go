//go:build unix && !linux

package main

import "os"

// newMemory is a file without a name, for both processes to map.
func newMemory(n int64) *os.File {
	f, err := os.CreateTemp("", "transport-*")
	must(err)
	must(os.Remove(f.Name()))
	must(f.Truncate(n))
	return f
}

func wide(raw) {}

func populate([]byte) {}

func sleepers() []sleeper { return pipeSleepers() }
