//go:build !unix

package journalfile

func writeUntilKilled(string) {}
