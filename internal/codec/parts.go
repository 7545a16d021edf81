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

// DecodeKeep is Decode of bytes that nobody else needs any more, in memory that v may
// be made of: it then sets *kept, and the memory is v's. If kept is nil the bytes stay
// the caller's, as with Decode.
func (c *Codec[T]) DecodeKeep(b []byte, v *T, kept *bool) error {
	if kept != nil && len(b) >= partsAt && c.alias(b, v) {
		*kept = true
		return nil
	}
	return c.Decode(b, v)
}

// alias makes v of b's memory, where that is what v's memory would be.
func (c *Codec[T]) alias(b []byte, v *T) bool {
	if c.Text {
		*(*string)(unsafe.Pointer(v)) = unsafe.String(unsafe.SliceData(b), len(b))
		return true
	}
	if !c.bits || b[0] != present || (len(b)-1)%c.elem != 0 {
		return false
	}
	p := unsafe.SliceData(b[1:])
	if uintptr(unsafe.Pointer(p))%uintptr(c.elem) != 0 {
		return false
	}
	*(*[]byte)(unsafe.Pointer(v)) = unsafe.Slice(p, (len(b)-1)/c.elem)
	return true
}
