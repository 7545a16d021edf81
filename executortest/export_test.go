package executortest

import (
	"testing"

	"parfor.dev/parfor"
)

// RunEdges runs the table of edge cases alone.
func RunEdges(t *testing.T, kind Kind, open Open) {
	runEdges(t, &subject{kind: kind, open: open, suite: t, shared: map[int]parfor.Executor{}})
}
