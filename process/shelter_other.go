//go:build !unix

package process

import "os"

func mayHaveTempDir() error         { return unsupported("TempDir", "locks on files") }
func openShelter() (shelter, error) { return shelter{}, nil }
func removeAll(dir string) error    { return os.RemoveAll(dir) }
