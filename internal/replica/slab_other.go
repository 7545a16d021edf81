//go:build !linux

package replica

func mapPages(int) []byte { return nil }

func unmapPages([]byte) {}
