//go:build !unix

package spill

// unlink leaves the name where a file that is open can't lose it: there such
// files stay until someone clears the folder.
func unlink(string) error { return nil }
