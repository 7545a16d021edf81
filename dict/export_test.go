package dict

import "parfor.dev/parfor/internal/writeset"

// CommitOf is the number of the commit that wrote a key, or another one of its
// shard where the table doesn't know.
func (d *Dict[K, V]) CommitOf(k K) uint64 {
	t := d.c.table()
	if t.words != nil {
		return t.words.Marked(t.shardOf(t.hash(k)))
	}
	return t.shards[t.shardOf(t.hash(k))].m[k].at
}

// Encoded is a key's encoding.
func (d *Dict[K, V]) Store() writeset.Store { return d.c }

// Store is the list as commits know it.
func (l *List[T]) Store() writeset.Store { return l.c }

// MainOnStack looks for main the slow way.
var MainOnStack = mainOnStack

// PackageOf cuts the import path out of a symbol name.
var PackageOf = packageOf
