//go:build unix

package spill

import "os"

// unlink takes the name; the file lives as long as it is open.
func unlink(path string) error { return os.Remove(path) }
