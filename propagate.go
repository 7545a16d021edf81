package parfor

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/task"
)

// Propagate makes context values under key, which must be of type T, travel
// with a loop's context to other processes: a trace id, a tenant, a user.
//
//	var _ = parfor.Propagate[string](traceKey{})
//
// In this process bodies see all values of the loop's context anyhow; in a
// worker process those that are propagated. They are encoded once per loop.
//
// Call it in a package variable or an init function. It returns key, and
// panics when the key is propagated already, when it is too late (after
// process.Main), when T can't be sent, or when key has no name that another
// process would know: a key is a value of a type of its own whose kind is a
// struct without fields, a string, a number or a bool.
func Propagate[T any](key any) any {
	site := callerSite(2)
	name, err := keyName(key)
	if err == nil {
		err = roundTrips(reflect.TypeFor[T]())
	}
	if err != nil {
		panic(fmt.Sprintf("parfor: Propagate at %s: %v", site, err))
	}
	if at := registry.Sealed(); at != "" {
		panic(fmt.Sprintf("parfor: Propagate of %s at %s, after process.Main at %s: call it in a package variable or an init function", name, site, at))
	}
	propagated.mu.Lock()
	defer propagated.mu.Unlock()
	for _, p := range propagated.list {
		if p.name == name {
			panic(fmt.Sprintf("parfor: the context key %s is propagated twice, at %s and at %s: remove one", name, p.site, site))
		}
	}
	propagated.list = append(propagated.list, carrierOf[T](key, name, site))
	return key
}

var propagated struct {
	mu   sync.RWMutex
	list []carrier
}

// carrier moves the value of one context key.
type carrier struct {
	key        any
	name, site string
	encode     func(any) ([]byte, error)
	decode     func([]byte) (any, error)
}

func carrierOf[T any](key any, name, site string) carrier {
	c := codec.Of[T]()
	return carrier{
		key: key, name: name, site: site,
		encode: func(v any) ([]byte, error) {
			t, ok := v.(T)
			if !ok {
				return nil, fmt.Errorf("parfor: the context value under %s is a %T, and was propagated as %v at %s", name, v, reflect.TypeFor[T](), site)
			}
			return c.Append(nil, &t)
		},
		decode: func(b []byte) (any, error) {
			var t T
			err := c.Decode(b, &t)
			return t, err
		},
	}
}

// keyName is what two processes call a context key.
func keyName(key any) (string, error) {
	t := reflect.TypeOf(key)
	if t == nil {
		return "", fmt.Errorf("the key is nil: give the key that context.WithValue was given")
	}
	switch k := t.Kind(); {
	case t.PkgPath() == "":
		return "", fmt.Errorf("the key is a plain %v, which other packages may use too: define a type for it", t)
	case k == reflect.Struct && t.NumField() == 0:
		return fullName(t), nil
	case k == reflect.String, k == reflect.Bool, k >= reflect.Int && k <= reflect.Float64:
		return fmt.Sprintf("%s(%v)", fullName(t), reflect.ValueOf(key)), nil
	}
	return "", fmt.Errorf("the key is a %v, which another process can't name: use a type without fields, such as type traceKey struct{}", t)
}

// collectPropagated encodes the propagated values that ctx has.
func collectPropagated(ctx context.Context) ([]engine.Arg, error) {
	propagated.mu.RLock()
	list := propagated.list
	propagated.mu.RUnlock()
	var values []engine.Arg
	for _, p := range list {
		v := ctx.Value(p.key)
		if v == nil {
			continue
		}
		b, err := p.encode(v)
		if err != nil {
			return nil, err
		}
		values = append(values, engine.Arg{Name: p.name, Encoded: b})
	}
	return values, nil
}

// restore is the other end of collectPropagated, for one value.
func restore(ctx context.Context, name string, encoded []byte) (context.Context, error) {
	propagated.mu.RLock()
	defer propagated.mu.RUnlock()
	for _, p := range propagated.list {
		if p.name == name {
			v, err := p.decode(encoded)
			if err != nil {
				return ctx, fmt.Errorf("parfor: the context value under %s: %w", name, err)
			}
			return context.WithValue(ctx, p.key, v), nil
		}
	}
	return ctx, fmt.Errorf("parfor: the context key %s is not propagated in this process: call parfor.Propagate in a package variable", name)
}

func init() { task.Restore = restore }
