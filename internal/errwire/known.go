package errwire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Kind is a type of error that crosses as itself.
type Kind struct {
	Name string
	Type reflect.Type

	// Append encodes err, whose dynamic type is Type. It may use e for errors
	// inside. On error the value crosses as a text.
	Append func(e *Encoder, dst []byte, err error) ([]byte, error)
	// Decode reads all of d. On error the value becomes a text that says so.
	Decode func(d *Decoder) (value, err error)
}

var (
	mu        sync.RWMutex
	sentinels = map[string]error{}
	names     = map[error]string{}
	kinds     = map[string]*Kind{}
	byType    = map[reflect.Type]*Kind{}
	order     []string // names of sentinels, as registered
)

// later are the registrations of [Later], made by load.
var (
	later []func() (sentinels map[string]error, kinds []*Kind)
	load  = sync.OnceFunc(func() {
		for _, f := range later {
			sentinels, kinds := f()
			for _, name := range slices.Sorted(maps.Keys(sentinels)) {
				must(addSentinel(name, sentinels[name]))
			}
			for _, k := range kinds {
				must(addKind(k))
			}
		}
	})
)

// Later registers what f returns once an error crosses or another is
// registered: at the start of a program it would cost a fifth of a
// millisecond. It is for init functions alone; a duplicate panics.
func Later(f func() (sentinels map[string]error, kinds []*Kind)) { later = append(later, f) }

// AddSentinel makes err cross as the very value. Its type must be comparable.
// A name or value that is known already is an error.
func AddSentinel(name string, err error) error {
	load()
	return addSentinel(name, err)
}

func addSentinel(name string, err error) error {
	mu.Lock()
	defer mu.Unlock()
	if old, ok := names[err]; ok {
		return fmt.Errorf("it is registered already, as %s", old)
	}
	if _, ok := sentinels[name]; ok {
		return fmt.Errorf("another one with this package, type and text is registered already (%s): change the text", name)
	}
	sentinels[name], names[err] = err, name
	order = append(order, name)
	return nil
}

// AddKind makes errors of a type cross as themselves. A name or type that is
// known already is an error.
func AddKind(k *Kind) error {
	load()
	return addKind(k)
}

func addKind(k *Kind) error {
	mu.Lock()
	defer mu.Unlock()
	if kinds[k.Name] != nil || byType[k.Type] != nil {
		return fmt.Errorf("the type %v is registered already", k.Type)
	}
	kinds[k.Name], byType[k.Type] = k, k
	return nil
}

// AppendString appends a length and s.
func AppendString[S string | []byte](dst []byte, s S) []byte { return appendString(dst, string(s)) }

func sentinelName(err error) (string, bool) {
	if !reflect.ValueOf(err).Comparable() {
		return "", false
	}
	load()
	mu.RLock()
	defer mu.RUnlock()
	name, ok := names[err]
	return name, ok
}

func sentinel(name string) error {
	load()
	mu.RLock()
	defer mu.RUnlock()
	return sentinels[name]
}

func kindOf(err error) *Kind {
	load()
	mu.RLock()
	defer mu.RUnlock()
	return byType[reflect.TypeOf(err)]
}

func kindNamed(name string) *Kind {
	load()
	mu.RLock()
	defer mu.RUnlock()
	return kinds[name]
}

// saysItIs lists the known sentinels that err's own Is method matches, and the
// sentinel of a package that isn't linked here if err is that.
func saysItIs(err error) (is []string) {
	if name := foreignName(err); name != "" {
		is = append(is, name)
	}
	m, ok := err.(interface{ Is(error) bool })
	if !ok {
		return is
	}
	if p, ok := err.(interface{ carried() []string }); ok {
		return p.carried()
	}
	load()
	mu.RLock()
	known := order[:len(order):len(order)]
	mu.RUnlock()
	defer func() { _ = recover() }() // an Is method that panics matches nothing more
	for _, name := range known {
		if m.Is(sentinel(name)) {
			is = append(is, name)
		}
	}
	return is
}

// carried is what a node that crosses a second time (a loop inside a worker)
// passes on, names included that this process can't resolve.
func (p *plain) carried() []string { return p.is }

// foreign are sentinels of packages too heavy to link into every program for
// one comparison (net alone adds a megabyte): type and text identify them.
var foreign = map[string]string{
	"sql: no rows in result set":                                 "*errors.errorString",
	"sql: transaction has already been committed or rolled back": "*errors.errorString",
	"sql: connection is already closed":                          "*errors.errorString",
	"use of closed network connection":                           "poll.errNetClosing",
}

const foreignMark = "~" // no registered name starts with it

func foreignName(err error) string {
	t := reflect.TypeOf(err).String()
	if t != "*errors.errorString" && t != "poll.errNetClosing" {
		return "" // texts of other types may be long to make
	}
	if text := textOf(err); foreign[text] == t {
		return foreignMark + text
	}
	return ""
}

func isForeign(name string, target error) bool {
	return target != nil && strings.HasPrefix(name, foreignMark) && foreignName(target) == name
}

func init() { Later(standard) }

// standard are the errors of the standard library that every program links.
func standard() (sentinels map[string]error, kinds []*Kind) {
	sentinels = map[string]error{
		"context.Canceled":         context.Canceled,
		"context.DeadlineExceeded": context.DeadlineExceeded,
		"errors.ErrUnsupported":    errors.ErrUnsupported,
		"io.EOF":                   io.EOF,
		"io.ErrUnexpectedEOF":      io.ErrUnexpectedEOF,
		"io.ErrClosedPipe":         io.ErrClosedPipe,
		"io.ErrNoProgress":         io.ErrNoProgress,
		"io.ErrShortBuffer":        io.ErrShortBuffer,
		"io.ErrShortWrite":         io.ErrShortWrite,
		"fs.ErrInvalid":            fs.ErrInvalid,
		"fs.ErrPermission":         fs.ErrPermission,
		"fs.ErrExist":              fs.ErrExist,
		"fs.ErrNotExist":           fs.ErrNotExist,
		"fs.ErrClosed":             fs.ErrClosed,
		"fs.SkipDir":               fs.SkipDir,
		"fs.SkipAll":               fs.SkipAll,
		"os.ErrDeadlineExceeded":   os.ErrDeadlineExceeded,
		"os.ErrNoDeadline":         os.ErrNoDeadline,
		"os.ErrProcessDone":        os.ErrProcessDone,
		"strconv.ErrSyntax":        strconv.ErrSyntax,
		"strconv.ErrRange":         strconv.ErrRange,
	}
	kinds = []*Kind{
		kind("fs.PathError", func(e *fs.PathError) (string, string, string, error) { return e.Op, e.Path, "", e.Err },
			func(op, path, _ string, err error) *fs.PathError { return &fs.PathError{Op: op, Path: path, Err: err} }),
		kind("os.LinkError", func(e *os.LinkError) (string, string, string, error) { return e.Op, e.Old, e.New, e.Err },
			func(op, from, to string, err error) *os.LinkError {
				return &os.LinkError{Op: op, Old: from, New: to, Err: err}
			}),
		kind("os.SyscallError", func(e *os.SyscallError) (string, string, string, error) { return e.Syscall, "", "", e.Err },
			func(call, _, _ string, err error) *os.SyscallError { return &os.SyscallError{Syscall: call, Err: err} }),
		kind("strconv.NumError", func(e *strconv.NumError) (string, string, string, error) { return e.Func, e.Num, "", e.Err },
			func(fn, num, _ string, err error) *strconv.NumError {
				return &strconv.NumError{Func: fn, Num: num, Err: err}
			}),
	}
	return sentinels, kinds
}

// kind is a standard error made of up to three strings and a cause.
func kind[E error](name string, split func(E) (a, b, c string, err error), build func(a, b, c string, err error) E) *Kind {
	return &Kind{
		Name: name,
		Type: reflect.TypeFor[E](),
		Append: func(e *Encoder, dst []byte, err error) ([]byte, error) {
			a, b, c, inner := split(err.(E)) // a nil pointer panics here and crosses as a text
			dst = appendString(appendString(appendString(dst, a), b), c)
			return e.Error(dst, inner), nil
		},
		Decode: func(d *Decoder) (error, error) {
			return build(d.String(), d.String(), d.String(), d.Error()), nil
		},
	}
}

func must(err error) {
	if err != nil {
		panic("parfor: " + err.Error())
	}
}
