package parfor

import (
	"encoding/binary"
	"fmt"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/journalfile"
)

// itemKeys tells the items of a journaled loop apart.
type itemKeys[In any] struct {
	named func(In) string // ItemKey, or nil
	codec *codec.Codec[In]
	twins map[journalfile.Key]uint64 // how many had that key so far
	seen  map[journalfile.Key]bool   // keys of the file that the input has
	buf   []byte
}

func newItemKeys[In any](o *journalOptions, c *codec.Codec[In]) (*itemKeys[In], error) {
	k := &itemKeys[In]{codec: c, twins: map[journalfile.Key]uint64{}, seen: map[journalfile.Key]bool{}}
	if o.itemKey == nil {
		return k, nil
	}
	f, ok := o.itemKey.(func(In) string)
	if !ok {
		return nil, fmt.Errorf("%w: ItemKey takes %T here, not %T", ErrOption, f, o.itemKey)
	}
	k.named = f
	return k, nil
}

// next is the key of the next item of the input.
func (k *itemKeys[In]) next(in In) (key journalfile.Key, err error) {
	if k.named != nil {
		k.buf = append(k.buf[:0], k.named(in)...)
	} else if k.buf, err = k.codec.Put(k.buf[:0], in); err != nil {
		return key, fmt.Errorf("parfor: an item of a journaled loop: %w", err)
	}
	key = journalfile.KeyOf(k.buf)
	n := k.twins[key]
	k.twins[key] = n + 1
	if n > 0 {
		key = journalfile.KeyOf(k.buf, binary.AppendUvarint(nil, n))
	}
	return key, nil
}

// appendJournalKey is [Key] of an item of a journaled loop: what stays the same
// as long as the journal does.
func appendJournalKey(b, identity []byte, item *[16]byte) []byte {
	return append(b, journalfile.KeyOf(identity, item[:]).String()...)
}
