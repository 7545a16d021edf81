// Program nohook forgets process.Main.
package main

import (
	"context"
	"fmt"
	"os"

	"parfor.dev/parfor/process"
)

func main() {
	if _, err := process.NewPool(context.Background(), 4); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("unreachable")
}
