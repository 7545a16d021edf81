// Command hard-timeout runs a body that never returns on one input. A
// goroutine can't be killed; a worker process can: the item fails with the
// stack of where it hung, the others are done.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/process"
)

// collatz counts steps down to 1, and for item 0 it never gets there. It does
// not look at its context: most code that hangs does not.
func collatz(_ context.Context, n int) (int, error) {
	steps := 0
	for ; n != 1; steps++ {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
	}
	return steps, nil
}

var _ = parfor.Register(collatz)

func main() {
	flag.Parse()
	process.Main()
	pool, err := process.NewPool(context.Background(), 2)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	steps, err := parfor.Map(context.Background(), parfor.Range(30), collatz, parfor.On(pool),
		parfor.KeepGoing(), parfor.Timeout(300*time.Millisecond), parfor.Grace(200*time.Millisecond))

	fmt.Println("item 27 took", steps[27], "steps")
	for i, cause := range parfor.Failed(err) {
		var timeout *parfor.TimeoutError
		if !errors.As(cause, &timeout) {
			log.Fatal(cause)
		}
		fmt.Printf("item %d: limit %v, killed: %t, hung in collatz: %t\n", i, timeout.Limit, timeout.Killed,
			strings.Contains(string(timeout.Stack), ".collatz("))
		fmt.Fprintf(os.Stderr, "%s\n", timeout.Stack)
	}
}
