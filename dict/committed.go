package dict

import (
	"parfor.dev/parfor/internal/task"
)

// committed answers reads of the committed state. The owner has the state
// itself ([table]); a worker process asks for it ([asker]). What an attempt
// wrote is laid over the answer, alike for both.
//
// Values belong to the dictionary; who hands them out copies them.
type committed[K comparable, V any] interface {
	get(k K) (v V, ok bool, err error)
	size(keys []K) (n int, present []bool, err error)
	freeze() (*view[K, V], error)
}

// committed returns who answers in this process. A dictionary made inside a
// task lives in write sets alone: under it is an empty table.
func (c *core[K, V]) committed() committed[K, V] {
	if c.scope == nil && task.InWorker.Load() {
		return asker[K, V]{c}
	}
	return c.table()
}
