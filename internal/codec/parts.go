package codec

import "unsafe"

// partsAt is from how many bytes on a copy of a value costs more than to carry
// it in two parts.
const partsAt = 64 << 10

// Large returns the memory that is all of v's encoding but for mark, which
// comes before it: where that is so, and much. Else tail is nil.
func (c *Codec[T]) Large(v *T) (mark, tail []byte) {
	switch {
	case c.elem > 0:
		s := *(*[]byte)(unsafe.Pointer(v)) // only pointer and length mean the same for every element type
		if n := len(s) * c.elem; n >= partsAt {
			return marked, unsafe.Slice(unsafe.SliceData(s), n)
		}
	case c.Text:
		if s := *(*string)(unsafe.Pointer(v)); len(s) >= partsAt {
			return nil, unsafe.Slice(unsafe.StringData(s), len(s))
		}
	}
	return nil, nil
}

var marked = []byte{present}

// AppendParts is Append without a copy of what is [Codec.Large]: the encoding is
// head and then tail, which aliases v.
func (c *Codec[T]) AppendParts(dst []byte, v *T) (head, tail []byte, err error) {
	if mark, tail := c.Large(v); tail != nil {
		return append(dst, mark...), tail, nil
	}
	head, err = c.Append(dst, v)
	return head, nil, err
}
