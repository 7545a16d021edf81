package dict

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// Questions of a worker process, each one round trip.
const (
	askGet     = 1 // key -> found
	askSize    = 2 // count, keys -> number of entries, moment, found per key
	askAll     = 3 // -> commit number, count, key, mark and value each
	askMany    = 4 // count, keys -> found each
	askClaim   = 5 // claimant, key -> 1 if it is the claimant's now
	askUnclaim = 6 // claimant, count, keys
	askShare   = 7 // -> where the entries lie in shared memory, 0 for nowhere
	askAwait   = 8 // asking, key -> once it is there, or after a while
	questions  = 9 // one more than the largest, for unknown ones
)

// maxAnswer bounds an answer: the channel that carries it is bounded, and the
// owner would hold the answer twice.
const maxAnswer = 60 << 20

var errAnswer = errors.New("dict: the owner's answer is damaged")

// asker answers reads in a worker process: of single keys from the memory the
// owner shares, the rest by asking the owner, who answers from its newest
// commit.
type asker[K comparable, V any] struct {
	c  *core[K, V]
	by *task.Attempt // whose question it is
}

func (a asker[K, V]) ask(question byte, more func(q []byte) []byte) (*writeset.Reader, error) {
	return writeset.Ask(a.by, a.c.id, func(q []byte) []byte {
		q = append(q, question)
		if more != nil {
			q = more(q)
		}
		return q
	})
}

func (a asker[K, V]) get(k K) (v V, mark uint64, ok bool, err error) {
	if m := a.c.near(a.by); m != nil {
		if v, mark, ok, err = a.c.nearGet(m, k); err == nil {
			return v, mark, ok, nil
		}
		a.c.lost(m) // retired, or damaged: the owner knows
	}
	r, err := a.ask(askGet, func(q []byte) []byte { return a.c.key.append(q, unsafe.Pointer(&k)) })
	if err != nil {
		return v, 0, false, err
	}
	f, err := a.c.readFound(r)
	return f.val, f.mark, f.ok, err
}

func (a asker[K, V]) many(keys []K) ([]found[V], error) {
	r, err := a.ask(askMany, func(q []byte) []byte { return a.c.appendKeys(q, keys) })
	if err != nil {
		return nil, err
	}
	fs := make([]found[V], len(keys))
	for i := range fs {
		if fs[i], err = a.c.readFound(r); err != nil {
			return nil, err
		}
	}
	return fs, nil
}

func (a asker[K, V]) size(keys []K) (int, []bool, uint64, error) {
	r, err := a.ask(askSize, func(q []byte) []byte { return a.c.appendKeys(q, keys) })
	if err != nil {
		return 0, nil, 0, err
	}
	n, at := r.Uvarint(), r.Uint64()
	bits := r.Take(uint64(len(keys)))
	if r.Err() != nil || uint64(int(n)) != n {
		return 0, nil, 0, errAnswer
	}
	present := make([]bool, len(bits))
	for i, b := range bits {
		present[i] = b == 1
	}
	return int(n), present, at, nil
}

func (a asker[K, V]) freeze() (*view[K, V], error) {
	r, err := a.ask(askAll, nil)
	if err != nil {
		return nil, err
	}
	v := &view[K, V]{at: r.Uint64(), own: true}
	n := r.Uvarint()
	if n > uint64(r.Len())+1 {
		return nil, errAnswer
	}
	v.far = make(map[K]entry[V], n)
	for range n {
		var k K
		if err := a.c.key.decode(r, unsafe.Pointer(&k)); err != nil {
			return nil, err
		}
		mark := r.Uint64()
		val, err := a.c.readValue(r)
		if err != nil {
			return nil, err
		}
		v.far[k] = entry[V]{val, mark}
	}
	if r.Err() != nil {
		return nil, errAnswer
	}
	return v, nil
}

func (a asker[K, V]) claim(by uint64, k K) (bool, error) {
	r, err := a.ask(askClaim, func(q []byte) []byte {
		return a.c.key.append(binary.LittleEndian.AppendUint64(q, by), unsafe.Pointer(&k))
	})
	if err != nil {
		return false, err
	}
	return r.Byte() == 1, r.Err()
}

func (a asker[K, V]) unclaim(by uint64, keys []K) error {
	_, err := a.ask(askUnclaim, func(q []byte) []byte {
		return a.c.appendKeys(binary.LittleEndian.AppendUint64(q, by), keys)
	})
	return err
}

func (c *core[K, V]) appendKeys(q []byte, keys []K) []byte {
	q = binary.AppendUvarint(q, uint64(len(keys)))
	for i := range keys {
		q = c.key.append(q, unsafe.Pointer(&keys[i]))
	}
	return q
}

func (c *core[K, V]) readKeys(r *writeset.Reader) ([]K, error) {
	n := r.Uvarint()
	if n > uint64(r.Len())+1 { // one key may be of no bytes: struct{}
		return nil, errors.New("dict: a question names more keys than it holds")
	}
	keys := make([]K, n)
	for i := range keys {
		if err := c.key.decode(r, unsafe.Pointer(&keys[i])); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (c *core[K, V]) readFound(r *writeset.Reader) (f found[V], err error) {
	if r.Byte() == 0 {
		return f, r.Err()
	}
	f.mark, f.ok = r.Uint64(), true
	f.val, err = c.readValue(r)
	return f, err
}

func (c *core[K, V]) appendFound(dst []byte, f *found[V]) ([]byte, error) {
	if !f.ok {
		return append(dst, 0), nil
	}
	return c.appendValue(binary.LittleEndian.AppendUint64(append(dst, 1), f.mark), f.val)
}
