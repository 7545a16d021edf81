//go:build !unix

// Package syncdir makes new names in a directory last.
package syncdir

// Sync does nothing where a directory can't be opened.
func Sync(string) error { return nil }
