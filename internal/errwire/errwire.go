// Package errwire carries errors between processes.
//
// What crosses is the tree of texts with its structure (Unwrap, Unwrap
// []error), the sentinels that a node is or Is, registered types as
// themselves, syscall.Errno by number, and the properties Timeout, Temporary
// and RetryAfter. errors.Is and errors.As on the far side work from exactly
// these; the text is the same to the letter.
//
// Nothing here fails: an error that can't be carried becomes an ordinary error
// that says so, because losing a failure is worse than losing its type.
package errwire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"syscall"
	"time"
)

// Bounds of one encoded error, so that a cycle or a hostile peer costs little.
const (
	maxDepth = 48
	maxNodes = 1000
	maxText  = 1 << 20 // bytes of one text
	maxTotal = 8 << 20 // bytes of text in one tree before texts are cut short
)

// Tags of a node on the wire.
const (
	tagNil      = 0 // no error
	tagSentinel = 1 // name, text
	tagKind     = 2 // name, text, payload
	tagErrno    = 3 // number
	tagText     = 4 // properties, text, names it Is, children
)

// Shapes of a text node's children.
const (
	leaf = 0
	wrap = 1 // Unwrap() error
	join = 2 // Unwrap() []error
)

// Append appends the encoding of err, which may be nil, to dst.
func Append(dst []byte, err error) []byte {
	e := &Encoder{nodes: maxNodes}
	return e.Error(dst, err)
}

// Encoder encodes one tree of errors and keeps its bounds. It is given to the
// Append function of a [Kind] for the errors inside it.
type Encoder struct {
	depth int
	nodes int // that may still be encoded with their children
	spent int // bytes of text so far
}

// Error appends the encoding of err, which may be nil.
func (e *Encoder) Error(dst []byte, err error) []byte {
	if err == nil {
		return append(dst, tagNil)
	}
	if e.nodes <= 0 {
		return appendText(dst, props{}, e.textOf(err), nil, leaf)
	}
	e.nodes--
	return e.node(dst, err)
}

// node encodes an error that has been counted.
func (e *Encoder) node(dst []byte, err error) []byte {
	if e.depth >= maxDepth {
		return appendText(dst, props{}, e.textOf(err), nil, leaf)
	}
	e.depth++
	defer func() { e.depth-- }()

	if name, ok := sentinelName(err); ok {
		dst = appendString(append(dst, tagSentinel), name)
		return appendString(dst, e.textOf(err))
	}
	if no, ok := err.(syscall.Errno); ok {
		return binary.AppendUvarint(append(dst, tagErrno), uint64(no))
	}
	if k := kindOf(err); k != nil {
		if payload, ok := e.payload(k, err); ok {
			dst = appendString(append(dst, tagKind), k.Name)
			dst = appendString(dst, e.textOf(err))
			dst = binary.AppendUvarint(dst, uint64(len(payload)))
			return append(dst, payload...)
		}
	}
	return e.text(dst, err)
}

// payload runs a kind's own encoder, which may be a user's MarshalBinary.
func (e *Encoder) payload(k *Kind, err error) (b []byte, ok bool) {
	depth := e.depth
	defer func() {
		e.depth = depth
		if recover() != nil {
			b, ok = nil, false
		}
	}()
	b, failed := k.Append(e, nil, err)
	return b, failed == nil && len(b) <= maxTotal
}

// text encodes an error whose type doesn't cross. Children are counted before
// any of them is encoded, so that a wide tree can't outgrow the bound.
func (e *Encoder) text(dst []byte, err error) []byte {
	shape, kids := children(err)
	// half of what is left at most, so that the first children keep theirs
	kids = kids[:min(len(kids), (e.nodes+1)/2)]
	e.nodes -= len(kids)
	if shape == wrap && len(kids) == 0 {
		shape = leaf
	}
	dst = appendText(dst, propsOf(err), e.textOf(err), saysItIs(err), shape)
	if shape == join {
		dst = binary.AppendUvarint(dst, uint64(len(kids)))
	}
	for _, kid := range kids {
		dst = e.node(dst, kid)
	}
	return dst
}

// textOf is the text of err within what the bounds leave.
func (e *Encoder) textOf(err error) string {
	s, limit := textOf(err), maxText
	if e.spent > maxTotal {
		limit = 1 << 10
	}
	if len(s) > limit {
		s = s[:limit] + "… (cut)"
	}
	e.spent += len(s)
	return s
}

func appendText(dst []byte, p props, text string, is []string, shape byte) []byte {
	dst = append(dst, tagText, p.bits)
	if p.bits&hasRetry != 0 {
		dst = binary.AppendVarint(dst, int64(p.retry))
	}
	dst = appendString(dst, text)
	dst = binary.AppendUvarint(dst, uint64(len(is)))
	for _, name := range is {
		dst = appendString(dst, name)
	}
	return append(dst, shape)
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// textOf calls err.Error, which panics for many a nil-valued error.
func textOf(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			if r := reflect.ValueOf(err); r.Kind() == reflect.Pointer && r.IsNil() {
				text = fmt.Sprintf("(%T)(nil)", err)
				return
			}
			text = fmt.Sprintf("%T: its Error method panicked: %v", err, v)
		}
	}()
	return err.Error()
}

// children calls Unwrap, whichever of the two err has. A nil child is dropped.
func children(err error) (shape byte, kids []error) {
	defer func() {
		if recover() != nil {
			shape, kids = leaf, nil
		}
	}()
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		if kid := u.Unwrap(); kid != nil {
			return wrap, []error{kid}
		}
	case interface{ Unwrap() []error }:
		for _, kid := range u.Unwrap() {
			if kid != nil {
				kids = append(kids, kid)
			}
		}
		return join, kids
	}
	return leaf, nil
}

// Bits of a node's properties: has says that the method exists.
const (
	hasTimeout = 1 << iota
	isTimeout
	hasTemporary
	isTemporary
	hasRetry
)

type props struct {
	bits  byte
	retry time.Duration
}

func propsOf(err error) (p props) {
	defer func() { _ = recover() }() // a nil-valued error: what was found so far stays
	if t, ok := err.(interface{ RetryAfter() time.Duration }); ok {
		p.retry = t.RetryAfter()
		p.bits |= hasRetry
	}
	if t, ok := err.(interface{ Timeout() bool }); ok {
		if t.Timeout() {
			p.bits |= isTimeout
		}
		p.bits |= hasTimeout
	}
	if t, ok := err.(interface{ Temporary() bool }); ok {
		if t.Temporary() {
			p.bits |= isTemporary
		}
		p.bits |= hasTemporary
	}
	return p
}

var errMalformed = errors.New("parfor: an error from a worker could not be decoded: malformed bytes")
