package dict

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/writeset"
)

// Serve answers a worker's question at the owner.
func (c *core[K, V]) Serve(r *writeset.Reader, dst []byte) ([]byte, error) {
	if c.closed.Load() {
		return nil, c.named(ErrClosed)
	}
	q := r.Byte()
	c.asked[min(q, questions-1)].Add(1)
	switch q {
	case askGet:
		return c.serveGet(r, dst)
	case askSize:
		return c.serveSize(r, dst)
	case askAll:
		return c.serveAll(dst)
	case askMany:
		return c.serveMany(r, dst)
	case askClaim:
		return c.serveClaim(r, dst)
	case askUnclaim:
		by := r.Uint64()
		keys, err := c.readKeys(r)
		if err != nil {
			return nil, err
		}
		return dst, c.table().unclaim(by, keys)
	case askShare:
		root := c.table().share()
		arena.SettleProgram()
		return binary.LittleEndian.AppendUint64(dst, root), nil
	case askAwait:
		return c.serveAwait(r, dst)
	default:
		return nil, fmt.Errorf("dict: unknown question %d", q)
	}
}

func (c *core[K, V]) serveGet(r *writeset.Reader, dst []byte) ([]byte, error) {
	var k K
	if err := c.key.decode(r, unsafe.Pointer(&k)); err != nil {
		return nil, err
	}
	var f found[V]
	f.val, f.mark, f.ok, _ = c.table().get(k)
	return c.appendFound(dst, &f)
}

func (c *core[K, V]) serveMany(r *writeset.Reader, dst []byte) ([]byte, error) {
	keys, err := c.readKeys(r)
	if err != nil {
		return nil, err
	}
	fs, _ := c.table().many(keys)
	for i := range fs {
		if dst, err = c.appendFound(dst, &fs[i]); err != nil {
			return nil, c.named(err)
		}
		if len(dst) > maxAnswer {
			return nil, c.named(fmt.Errorf("the answer to GetMany takes more than %d MiB: ask for fewer keys at once", maxAnswer>>20))
		}
	}
	return dst, nil
}

func (c *core[K, V]) serveClaim(r *writeset.Reader, dst []byte) ([]byte, error) {
	by := r.Uint64()
	var k K
	if err := c.key.decode(r, unsafe.Pointer(&k)); err != nil {
		return nil, err
	}
	got, err := c.table().claim(by, k)
	if !got {
		return append(dst, 0), err
	}
	return append(dst, 1), err
}

func (c *core[K, V]) serveSize(r *writeset.Reader, dst []byte) ([]byte, error) {
	keys, err := c.readKeys(r)
	if err != nil {
		return nil, err
	}
	total, present, at, _ := c.table().size(keys)
	dst = binary.AppendUvarint(dst, uint64(total))
	dst = binary.LittleEndian.AppendUint64(dst, at)
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
	v.all(func(k K, val V, mark uint64) bool {
		dst = binary.LittleEndian.AppendUint64(c.key.append(dst, unsafe.Pointer(&k)), mark)
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
