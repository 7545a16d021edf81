package observe_test

import (
	"fmt"

	"parfor.dev/parfor/observe"
)

func ExampleDict_Operations() {
	d := observe.Dict{Commits: 2, Sets: 3, Adds: 1}
	fmt.Println(d.Operations(), "operations in", d.Commits, "commits")
	// Output: 4 operations in 2 commits
}

func ExampleDict_Contended() {
	fmt.Println(observe.Dict{Commits: 100, Conflicts: 50}.Contended(), observe.Dict{Commits: 100, Conflicts: 51}.Contended())
	// Output: false true
}
