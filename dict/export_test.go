package dict

import "parfor.dev/parfor/internal/writeset"

// Commit numbers, for tests.
func (d *Dict[K, V]) CommitOf(k K) uint64 {
	t := d.c.table()
	return t.shards[t.shardOf(k)].m[k].at
}

// Encoded is a key's encoding.
func (d *Dict[K, V]) Store() writeset.Store { return d.c }

// MainOnStack looks for main the slow way.
var MainOnStack = mainOnStack

// PackageOf cuts the import path out of a symbol name.
var PackageOf = packageOf
