//go:build !mutants

// Package mutant plants bugs, in programs built with the tag mutants, for the
// tests that must find them. Without the tag nothing of it is left.
package mutant

// Is reports whether that bug is planted.
func Is(string) bool { return false }

// Plant does nothing without the tag.
func Plant(string) {}

// All are the bugs that can be planted: none without the tag.
func All() []string { return nil }

// Live are the bugs of live dictionaries that can be planted: none without the tag.
func Live() []string { return nil }

// Later does nothing without the tag.
func Later(func()) {}

// Wait does nothing without the tag.
func Wait() {}
