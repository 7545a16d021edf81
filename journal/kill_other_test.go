//go:build !unix

package journal_test

const killedLoop = "PARFOR_JOURNAL_LOOP"

func runUntilKilled(string) {}
