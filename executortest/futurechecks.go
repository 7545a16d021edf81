package executortest

import (
	"testing"

	"parfor.dev/parfor"
)

// What the list says of futures, C18 to C30 and C52 to C56, is in the futures files.
var futureChecks = []check{
	{"Futures", 0, func(t *testing.T, s *subject) {
		testFutures(t, func(t *testing.T) parfor.Executor { return s.open(t, 2) })
	}},
}
