// Package cborcodec is the codec of types that package codec has no shorter
// form for: structs, maps, pointers. Importing it installs it.
//
// It is CBOR (RFC 8949) with the fields' json or cbor tags, BinaryMarshaler
// and TextMarshaler methods, and times with nanoseconds and their offset.
// Strings needn't be UTF-8. A nil slice or map stays nil, an empty one empty.
package cborcodec

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"parfor.dev/parfor/internal/codec"
)

// maxDepth bounds nesting both ways: a value that is deeper, or points to
// itself, is an error instead of a stack overflow.
const maxDepth = 1000

// sharedAt is from how many bytes on an encoding may lie in memory that another
// process can write to at any time. It is copied first: well-formed bytes that
// change while they are read could ask for all memory there is.
const sharedAt = 16 << 10

type modes struct {
	enc cbor.UserBufferEncMode
	dec cbor.DecMode
}

func init() { codec.Fallback = lazy{} }

// options are made when a value first needs them, not in every program.
var options = sync.OnceValue(func() modes {
	// The numbers of elements need no bound of their own: bytes are checked to
	// be well-formed, and so to hold that many, before anything is allocated.
	const most = 1<<31 - 1
	enc, err := cbor.EncOptions{
		Time:          cbor.TimeRFC3339Nano,
		NaNConvert:    cbor.NaNConvertNone,
		InfConvert:    cbor.InfConvertNone,
		ByteArray:     cbor.ByteArrayToByteSlice,
		TextMarshaler: cbor.TextMarshalerTextString,
	}.UserBufferEncMode()
	if err != nil {
		panic("parfor: CBOR options: " + err.Error())
	}
	dec, err := cbor.DecOptions{
		MaxNestedLevels:   maxDepth,
		MaxArrayElements:  most,
		MaxMapPairs:       most,
		UTF8:              cbor.UTF8DecodeInvalid,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		TextUnmarshaler:   cbor.TextUnmarshalerTextString,
	}.DecMode()
	if err != nil {
		panic("parfor: CBOR options: " + err.Error())
	}
	return modes{enc, dec}
})

type lazy struct{}

// Append appends the encoding of what v points to.
func (lazy) Append(dst []byte, v any) (_ []byte, err error) {
	defer caught(&err)
	if err := checkDepth(v); err != nil {
		return dst, err
	}
	buf := bytes.NewBuffer(dst)
	if err := options().enc.MarshalToBuffer(v, buf); err != nil {
		return dst, err
	}
	return buf.Bytes(), nil
}

// Decode decodes into what ptr points to, which must be zero.
func (lazy) Decode(b []byte, ptr any) (err error) {
	defer caught(&err)
	if len(b) >= sharedAt {
		b = bytes.Clone(b)
	}
	return options().dec.Unmarshal(b, ptr)
}

func caught(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("a codec method panicked: %v", v)
	}
}
