//go:build !linux

package leak

// Without /proc the check is for goroutines alone.
func files() []thing    { return nil }
func children() []thing { return nil }
