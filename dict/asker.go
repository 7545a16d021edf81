package dict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"parfor.dev/parfor/internal/writeset"
)

// Questions of a worker process, each one round trip.
const (
	askGet  = 1 // key -> found, value
	askSize = 2 // count, keys -> number of entries, found per key
	askAll  = 3 // -> commit number, count, key and value each
)

// maxAnswer bounds an answer: the channel that carries it is bounded, and the
// owner would hold the answer twice.
const maxAnswer = 60 << 20

var errAnswer = errors.New("dict: the owner's answer is damaged")

// asker answers reads in a worker process by asking the owner, who answers
// from its newest commit.
type asker[K comparable, V any] struct{ c *core[K, V] }

func (a asker[K, V]) get(k K) (v V, ok bool, err error) {
	r, err := writeset.Ask(a.c.id, func(q []byte) []byte {
		return a.c.key.append(append(q, askGet), unsafe.Pointer(&k))
	})
	if err != nil {
		return v, false, err
	}
	if r.Byte() == 0 {
		return v, false, r.Err()
	}
	v, err = a.c.val().Get(r.Rest())
	return v, err == nil, err
}

func (a asker[K, V]) size(keys []K) (int, []bool, error) {
	r, err := writeset.Ask(a.c.id, func(q []byte) []byte {
		q = binary.AppendUvarint(append(q, askSize), uint64(len(keys)))
		for i := range keys {
			q = a.c.key.append(q, unsafe.Pointer(&keys[i]))
		}
		return q
	})
	if err != nil {
		return 0, nil, err
	}
	n := r.Uvarint()
	bits := r.Take(uint64(len(keys)))
	if r.Err() != nil || uint64(int(n)) != n {
		return 0, nil, errAnswer
	}
	present := make([]bool, len(bits))
	for i, b := range bits {
		present[i] = b == 1
	}
	return int(n), present, nil
}

func (a asker[K, V]) freeze() (*view[K, V], error) {
	r, err := writeset.Ask(a.c.id, func(q []byte) []byte { return append(q, askAll) })
	if err != nil {
		return nil, err
	}
	v := &view[K, V]{at: r.Uint64(), own: true}
	n := r.Uvarint()
	if n > uint64(r.Len()) {
		return nil, errAnswer
	}
	m := make(map[K]entry[V], n)
	for range n {
		var k K
		if err := a.c.key.decode(r, unsafe.Pointer(&k)); err != nil {
			return nil, err
		}
		val, err := a.c.readValue(r)
		if err != nil {
			return nil, err
		}
		m[k] = entry[V]{val: val}
	}
	if r.Err() != nil {
		return nil, errAnswer
	}
	v.maps = []map[K]entry[V]{m}
	return v, nil
}

// Serve answers a worker's question at the owner.
func (c *core[K, V]) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	if c.closed.Load() {
		return nil, c.named(ErrClosed)
	}
	switch q := r.Byte(); q {
	case askGet:
		return c.serveGet(r, dst)
	case askSize:
		return c.serveSize(r, dst)
	case askAll:
		return c.serveAll(dst)
	default:
		return nil, fmt.Errorf("dict: unknown question %d", q)
	}
}

func (c *core[K, V]) serveGet(r *writeset.Reader, dst []byte) ([]byte, error) {
	var k K
	if err := c.key.decode(r, unsafe.Pointer(&k)); err != nil {
		return nil, err
	}
	v, ok, _ := c.table().get(k)
	if !ok {
		return append(dst, 0), nil
	}
	return c.val().Put(append(dst, 1), v)
}

func (c *core[K, V]) serveSize(r *writeset.Reader, dst []byte) ([]byte, error) {
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
	total, present, _ := c.table().size(keys)
	dst = binary.AppendUvarint(dst, uint64(total))
	for _, p := range present {
		b := byte(0)
		if p {
			b = 1
		}
		dst = append(dst, b)
	}
	return dst, nil
}

func (c *core[K, V]) serveAll(dst []byte) ([]byte, error) {
	v, _ := c.table().freeze()
	defer v.close()
	dst = binary.LittleEndian.AppendUint64(dst, v.at)
	dst = binary.AppendUvarint(dst, uint64(v.len()))
	var err error
	v.each(nil, func(k K, val V) bool {
		dst = c.key.append(dst, unsafe.Pointer(&k))
		dst, err = c.appendValue(dst, val)
		if err == nil && len(dst) > maxAnswer {
			err = fmt.Errorf("a snapshot of it takes more than %d MiB to send to a worker process: read single keys there, or take it in the program that owns it", maxAnswer>>20)
		}
		return err == nil
	})
	if err != nil {
		return nil, c.named(err)
	}
	return dst, nil
}
