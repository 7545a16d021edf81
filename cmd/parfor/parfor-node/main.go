// Parfor-node is a cluster on one machine for parfor run, http and compare: a
// server and an agent. It is a program of its own so that parfor links no server.
//
//	go install parfor.dev/parfor/cmd/parfor/parfor-node@latest
package main

import (
	"os"

	"parfor.dev/parfor/cmd/parfor/internal/node"
)

func main() { os.Exit(node.Main()) }
