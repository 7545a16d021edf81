package meter

import (
	"fmt"

	"parfor.dev/parfor/observe"
)

// warn tells, once in a loop, of a dictionary on which the tasks get in each
// other's way.
func (w *watch) warn(f observe.Frame) {
	for _, d := range f.Dicts {
		if w.warned || !d.Contended() {
			continue
		}
		w.warned = true
		e := observe.Event{Loop: f.Loop, At: f.At, Kind: observe.Warning, Worker: -1, Index: -1, Text: contendedText(d)}
		for _, o := range w.observers {
			o.Event(e)
		}
	}
}

func contendedText(d observe.Dict) string {
	return fmt.Sprintf("dictionary %s: %d conflicts, %d commits: tasks read and write the same keys; use Add or Compute, or spread the work over more keys",
		d.Name, d.Conflicts, d.Commits)
}
