package executortest

import (
	"testing"

	"parfor.dev/parfor"
)

// RunEdges runs the table of edge cases alone.
func RunEdges(t *testing.T, kind Kind, open Open) {
	runEdges(t, &subject{kind: kind, open: open, suite: t, shared: map[int]parfor.Executor{}})
}

// RunGroups runs the checks of groups alone.
func RunGroups(t *testing.T, kind Kind, open Open) {
	s := &subject{kind: kind, open: open, suite: t, shared: map[int]parfor.Executor{}}
	for _, c := range groupChecks {
		if c.on == 0 || c.on.has(kind) {
			t.Run(c.name, func(t *testing.T) { c.run(t, s) })
		}
	}
}
