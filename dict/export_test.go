package dict

import (
	"errors"
	"reflect"
	"slices"
	"unsafe"

	"parfor.dev/parfor/internal/writeset"
)

// CommitOf is the number of the commit that wrote a key, or another one of its
// shard where the table doesn't know.
func (d *Dict[K, V]) CommitOf(k K) uint64 {
	t := d.c.table()
	if t.words != nil {
		return t.words.Marked(t.shardOf(t.hash(k)))
	}
	e, _ := t.shards[t.shardOf(t.hash(k))].m.get(t.hash(k), k)
	return e.at
}

// Encoded is a key's encoding.
func (d *Dict[K, V]) Store() writeset.Store { return d.c }

// Store is the list as commits know it.
func (l *List[T]) Store() writeset.Store { return l.c }

// MainOnStack looks for main the slow way.
var MainOnStack = mainOnStack

// PackageOf cuts the import path out of a symbol name.
var PackageOf = packageOf

// Sum is what Add makes of two values. The tests of types go through this and
// the next two: a dictionary of each of them would be compiled whole, which
// takes the compiler half a second and 20 MB a type.
func Sum[V any](a, b V) V { return adder[V]()(a, b) }

// Refused says why there can't be a dictionary of these types.
func Refused[K comparable, V any]() error {
	_, err := planKey(reflect.TypeFor[K]())
	_, bad := copierOf[V]()
	return errors.Join(err, bad)
}

// ThroughWire is a key encoded and decoded, and how many bytes that left over.
func ThroughWire[K comparable](k K) (out K, n int, err error) {
	p, err := planKey(reflect.TypeFor[K]())
	if err != nil {
		return out, 0, err
	}
	if err := p.clean(unsafe.Pointer(&k)); err != nil {
		return out, 0, err
	}
	b := p.append(nil, unsafe.Pointer(&k))
	r := writeset.Read(append(slices.Clone(b), 1))
	err = p.decode(r, unsafe.Pointer(&out))
	return out, r.Len() - 1, err
}

// Store is the queue.
func (q *Queue[T]) Store() writeset.Store { return q.c }

// Store is the lease.
func (l *Lease) Store() writeset.Store { return l.c }

// Store is the barrier.
func (b *Barrier) Store() writeset.Store { return b.c }
