// Command draw writes docs/auto.svg: what the controller of parfor.Auto does in
// four simulated worlds.
//
//	go generate parfor.dev/parfor/internal/tune
//
// world.go runs them, chart.go draws them.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: draw file.svg")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(chart(worlds())), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}
