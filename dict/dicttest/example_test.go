package dicttest_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/dict/dicttest"
)

var (
	visits   = dict.New[string, int]("visits")
	byNumber = dict.New[int, int]("by number")
)

// A test of a program whose dictionaries are package variables starts with
// empty ones and leaves none of its entries behind.
func ExampleFresh() {
	ctx := context.Background()
	visits.Set(ctx, "before", 1)
	testing.Init()
	defer quiet()()
	ran := testing.RunTests(all, []testing.InternalTest{{Name: "Visits", F: func(t *testing.T) {
		dicttest.Fresh(t)
		visits.Add(ctx, "inside", 1)
		n, _ := visits.Len(ctx)
		fmt.Println("in the test:", n)
	}}})
	fmt.Println("after it:", ran)
	fmt.Println(visits.Snapshot(ctx))
	// Output:
	// in the test: 1
	// after it: true
	// map[before:1] <nil>
}

// The contract, on an executor.
func ExampleRun() {
	TestDictionaries := func(t *testing.T) {
		dicttest.Run(t, func(t *testing.T) parfor.Executor { return parfor.Goroutines(2) })
	}
	fmt.Println(testing.RunTests(all, []testing.InternalTest{{Name: "Dictionaries", F: TestDictionaries}}))
}

// quiet keeps go test -v from printing the inner tests into the output.
func quiet() (restore func()) {
	verbose := flag.Lookup("test.v").Value
	was := verbose.String()
	verbose.Set("false")
	return func() { verbose.Set(was) }
}

// all matches every name, whatever go test was told to run, and skips none.
func all(pattern, name string) (bool, error) {
	skip := flag.Lookup("test.skip").Value.String()
	return skip == "" || !strings.Contains(skip, pattern), nil
}
