package cborcodec

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// What the types are like: reflect.Type -> bool.
var recursive, selfEncoding sync.Map

// checkDepth refuses a value nested deeper than maxDepth, before the encoder
// runs out of stack on it. Types that can't contain themselves are not walked.
func checkDepth(v any) error {
	t := reflect.TypeOf(v)
	is, ok := recursive.Load(t)
	if !ok {
		is = containsItself(t, map[reflect.Type]bool{})
		recursive.Store(t, is)
	}
	// the outermost pointer is no level on the wire
	if is.(bool) && deeper(reflect.ValueOf(v), maxDepth+1) {
		return fmt.Errorf("%v is nested deeper than %d levels, or points to itself: send a flat form, such as a slice with indexes", t.Elem(), maxDepth)
	}
	return nil
}

var marshalers = []reflect.Type{
	reflect.TypeFor[cbor.Marshaler](),
	reflect.TypeFor[encoding.BinaryMarshaler](),
	reflect.TypeFor[encoding.TextMarshaler](),
}

// encodesItself reports whether t's own method encodes it. What lies inside is
// that method's business: it may be large, recursive, and behind a lock, as in
// a handle of a shared dictionary.
func encodesItself(t reflect.Type) bool {
	if is, ok := selfEncoding.Load(t); ok {
		return is.(bool)
	}
	is := slices.ContainsFunc(marshalers, func(m reflect.Type) bool {
		return t.Implements(m) || reflect.PointerTo(t).Implements(m)
	})
	selfEncoding.Store(t, is)
	return is
}

// containsItself reports whether a value of t may hold another one; onPath are
// the types on the way to t.
func containsItself(t reflect.Type, onPath map[reflect.Type]bool) bool {
	if encodesItself(t) {
		return false
	}
	if onPath[t] {
		return true
	}
	onPath[t] = true
	defer delete(onPath, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return containsItself(t.Elem(), onPath)
	case reflect.Map:
		return containsItself(t.Elem(), onPath)
	case reflect.Struct:
		for i := range t.NumField() {
			if containsItself(t.Field(i).Type, onPath) {
				return true
			}
		}
	}
	return false
}

// deeper reports whether v nests more than n levels. Every step counts, a
// pointer's too, although CBOR has no level for it: a cycle of pointers alone
// must end as well.
func deeper(v reflect.Value, n int) bool {
	if n < 0 {
		return true
	}
	if k := v.Kind(); k < reflect.Array || k == reflect.String || encodesItself(v.Type()) {
		return false
	}
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && deeper(v.Elem(), n-1)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if deeper(v.Index(i), n-1) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if deeper(it.Value(), n-1) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if deeper(v.Field(i), n-1) {
				return true
			}
		}
	}
	return false
}
