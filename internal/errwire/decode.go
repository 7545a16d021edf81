package errwire

import (
	"fmt"
	"syscall"
	"time"

	"parfor.dev/parfor/internal/cursor"
)

// Decode returns the error that Append encoded, nil for a nil one. Bytes that
// make no sense become an error that says so. It copies what it keeps of b.
func Decode(b []byte) error {
	d := &Decoder{Cursor: cursor.Cursor{B: b}, nodes: 16 * maxNodes} // kinds may hold more than the encoder counts
	err := d.Error()
	if !d.Whole() {
		return errMalformed
	}
	return err
}

// Decoder decodes one tree of errors. It is given to the Decode function of a
// [Kind] with that kind's payload. Reads past the end give zero values and
// make the whole tree malformed.
type Decoder struct {
	cursor.Cursor
	depth, nodes int
}

// Error decodes an error inside an error.
func (d *Decoder) Error() error {
	d.nodes--
	if d.depth > maxDepth || d.nodes < 0 {
		d.Fail()
		return nil
	}
	d.depth++
	defer func() { d.depth-- }()
	switch d.Byte() {
	case tagNil:
		return nil
	case tagSentinel:
		name, text := d.String(), d.String()
		if s := sentinel(name); s != nil {
			return s
		}
		return &plain{text: text, is: []string{name}}
	case tagKind:
		return d.kind()
	case tagErrno:
		return syscall.Errno(d.Uvarint())
	case tagText:
		return d.text()
	}
	d.Fail()
	return nil
}

func (d *Decoder) kind() error {
	name, text := d.String(), d.String()
	payload := d.Take(d.Uvarint())
	if d.Bad {
		return nil
	}
	k := kindNamed(name)
	if k == nil {
		return &plain{text: text}
	}
	err, why := d.payload(k, payload)
	if why != nil {
		return &plain{text: fmt.Sprintf("%s (its type %s could not be decoded: %v)", text, name, why)}
	}
	return err
}

// payload runs a kind's own decoder, which may be a user's UnmarshalBinary. Its
// failure is not that of the tree.
func (d *Decoder) payload(k *Kind, b []byte) (err, why error) {
	in := &Decoder{Cursor: cursor.Cursor{B: b}, depth: d.depth, nodes: d.nodes}
	defer func() {
		d.nodes = in.nodes
		if v := recover(); v != nil {
			err, why = nil, fmt.Errorf("panic: %v", v)
		}
	}()
	err, why = k.Decode(in)
	switch {
	case why != nil:
		return nil, why
	case !in.Whole():
		return nil, fmt.Errorf("malformed bytes")
	case err == nil:
		return nil, fmt.Errorf("no error in it")
	}
	return err, nil
}

func (d *Decoder) text() error {
	var p props
	p.bits = d.Byte()
	if p.bits&hasRetry != 0 {
		p.retry = time.Duration(d.Varint())
	}
	n := plain{text: d.String()}
	for range d.Count() {
		n.is = append(n.is, d.String())
	}
	switch shape := d.Byte(); shape {
	case leaf:
		return dress(p, &n)
	case wrap:
		if kid := d.Error(); kid != nil {
			return dress(p, &wrapper{n, kid})
		}
		return dress(p, &n)
	case join:
		j := &joiner{plain: n}
		for range d.Count() {
			if kid := d.Error(); kid != nil {
				j.kids = append(j.kids, kid)
			}
		}
		return dress(p, j)
	}
	d.Fail()
	return nil
}

// Count reads a number of things that take a byte each at least, which bounds
// what a hostile number can make us do.
func (d *Decoder) Count() int { return d.Entries(1) }

// Bytes reads what [AppendString] wrote, as a copy.
func (d *Decoder) Bytes() []byte { return append([]byte(nil), d.Cursor.Bytes()...) }

// Rest reads all bytes that are left. They alias the decoder's input.
func (d *Decoder) Rest() []byte { return d.Take(uint64(len(d.B))) }
