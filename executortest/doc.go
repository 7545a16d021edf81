// Package executortest is the conformance suite of parfor's executors: what a
// loop means, checked in the same way wherever its tasks run. It is in the
// spirit of testing/fstest.
//
//	func TestGoroutines(t *testing.T) {
//		executortest.Run(t, executortest.Goroutines, func(t *testing.T, slots int) parfor.Executor {
//			return parfor.Goroutines(slots)
//		})
//	}
//
// A test binary that runs it on worker processes needs process.TestMain. The
// bodies are registered under this package's import path, in every program
// that imports it; import it from tests only.
//
// Names such as C06_… are the numbers of the project's list of behaviours;
// the others are sentences of its design. doc.go is the entry, suite.go what
// a check is given, bodies.go and gate.go what runs inside of tasks, edges.go
// the table of edge cases; the other files hold the checks, by subject.
package executortest

import (
	"testing"

	"parfor.dev/parfor"
)

// Kind says what the executors under test are, where that makes a difference.
// docs/executors.md is the list of these differences.
type Kind int

// Kinds of executors.
const (
	Sequential Kind = iota
	Goroutines
	Processes
	Cluster
)

func (k Kind) String() string {
	return [...]string{"sequential", "goroutines", "processes", "cluster"}[k]
}

// inProcess reports whether bodies run in the process of the loop.
func (k Kind) inProcess() bool { return k < Processes }

// Open returns a new executor with room for that many tasks at once; a
// sequential one has room for one, whatever it is asked. The suite closes it.
// Executors of this process are also opened inside testing/synctest bubbles.
type Open func(t *testing.T, slots int) parfor.Executor

// Run checks everything that executors of that kind must show, each behaviour
// in a subtest of its own. It blocks until all have run, one after another.
// The executors it opens are shared by the checks that leave them whole, so
// that they also show that an executor outlives what went wrong on it.
func Run(t *testing.T, kind Kind, open Open) {
	s := &subject{kind: kind, open: open, suite: t, shared: map[int]parfor.Executor{}}
	for _, group := range [][]check{
		mapChecks, reduceChecks, journalChecks, streamChecks, sourceChecks, eachFromChecks, optionChecks, errorChecks, loopErrorChecks,
		runningChecks, attemptChecks, counterChecks, nestingChecks, timeoutChecks, identityChecks, stateChecks, contextChecks,
		wireChecks, crashChecks, futureChecks, groupChecks, steeringChecks, physicsChecks, clockChecks,
	} {
		for _, c := range group {
			if c.on == 0 || c.on.has(kind) {
				t.Run(c.name, func(t *testing.T) { c.run(t, s) })
			}
		}
	}
	t.Run("Edges", func(t *testing.T) { runEdges(t, s) })
}
