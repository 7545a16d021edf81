package parfor

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/errwire"
	"parfor.dev/parfor/internal/registry"
)

// RegisterError makes an error cross from worker processes as what it is, so
// that errors.Is and errors.As work on the far side. It returns err.
//
// A sentinel is given itself and arrives as the very value:
//
//	var ErrQuota = parfor.RegisterError(errors.New("quota exceeded"))
//
// A type is given by a zero value and arrives with its exported fields; direct
// fields of type error are sent as errors:
//
//	var _ = parfor.RegisterError((*StatusError)(nil)) // or &StatusError{}, or StatusError{}
//
// A pointer to a value that isn't zero is a sentinel; anything else is a type.
// Errors that are not registered arrive with their text, their structure and
// the methods Timeout, Temporary and RetryAfter. Those of this package, of
// context, io, io/fs, os, strconv, sql.ErrNoRows, net.ErrClosed and
// syscall.Errno are known; *net.OpError and the like arrive as a net.Error
// around what caused them.
//
// Call it in a package variable or an init function. It panics, naming the
// place and the fix, when err is nil, registered already, registered too late
// (after process.Main), or of a type that can't be sent.
func RegisterError[E error](err E) E {
	site := callerSite(2)
	t := reflect.TypeOf(err)
	if t == nil {
		panic(fmt.Sprintf("parfor: RegisterError at %s: the error is nil: give a sentinel, or a zero value of a type", site))
	}
	if at := registry.Sealed(); at != "" {
		panic(fmt.Sprintf("parfor: RegisterError of %v at %s, after process.Main at %s: call it in a package variable or an init function", t, site, at))
	}
	var failed error
	if v := reflect.ValueOf(err); isSentinel(v) {
		failed = errwire.AddSentinel(sentinelName(err), err)
	} else if failed = errorRoundTrips(t); failed == nil {
		failed = errwire.AddKind(errorKind(t))
	}
	if failed != nil {
		panic(fmt.Sprintf("parfor: RegisterError of %v at %s: %v", t, site, failed))
	}
	return err
}

// isSentinel tells a value that is compared from one that stands for its type.
// A pointer to nothing (struct{}) can only be compared.
func isSentinel(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && !v.IsNil() && (v.Type().Elem().Size() == 0 || !v.Elem().IsZero())
}

// sentinelName is the name of a sentinel in every process of the program: the
// package that registers it, its type and its text.
func sentinelName(err error) string {
	pkg := "?"
	if pc, _, _, ok := runtime.Caller(2); ok {
		name := codeName(pc)
		slash := strings.LastIndexByte(name, '/') + 1
		path, _, _ := strings.Cut(name[slash:], ".")
		pkg = name[:slash] + path
	}
	return fmt.Sprintf("%s %T %q", pkg, err, err.Error())
}

// errorKind is how values of an error type travel: first the errors in its
// fields, then the rest as the codec of its type has it.
func errorKind(t reflect.Type) *errwire.Kind {
	s := t
	if t.Kind() == reflect.Pointer {
		s = t.Elem()
	}
	inside := errorFields(s)
	return &errwire.Kind{
		Name: fullName(t),
		Type: t,
		Append: func(e *errwire.Encoder, dst []byte, err error) ([]byte, error) {
			v := reflect.ValueOf(err)
			if t.Kind() == reflect.Pointer {
				if v.IsNil() {
					return dst, errNilValue
				}
				v = v.Elem()
			}
			plain := reflect.New(s)
			plain.Elem().Set(v)
			for _, i := range inside {
				cause, _ := v.Field(i).Interface().(error)
				dst = e.Error(dst, cause)
				plain.Elem().Field(i).SetZero()
			}
			return codec.AppendAny(dst, plain.Interface())
		},
		Decode: func(d *errwire.Decoder) (error, error) {
			causes := make([]error, len(inside))
			for i := range inside {
				causes[i] = d.Error()
			}
			p := reflect.New(s)
			if err := codec.DecodeAny(d.Rest(), p.Interface()); err != nil {
				return nil, err
			}
			for i, field := range inside {
				if causes[i] != nil {
					p.Elem().Field(field).Set(reflect.ValueOf(causes[i]))
				}
			}
			if t.Kind() != reflect.Pointer {
				p = p.Elem()
			}
			return p.Interface().(error), nil
		},
	}
}

func errorFields(s reflect.Type) (fields []int) {
	if s.Kind() != reflect.Struct || marshalMethod(s) != "" {
		return nil
	}
	for i := range s.NumField() {
		if f := s.Field(i); f.Type == errorType && f.IsExported() {
			fields = append(fields, i)
		}
	}
	return fields
}
