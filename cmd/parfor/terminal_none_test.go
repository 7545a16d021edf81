//go:build !linux && !darwin

package main

import "github.com/rogpeppe/go-internal/testscript"

// ttyCommands are none: scripts at a terminal ask for [pty].
var ttyCommands map[string]func(*testscript.TestScript, bool, []string)

func mayOpenPTY() bool { return false }

type (
	ttyKey     struct{}
	ttySession struct{}
)
