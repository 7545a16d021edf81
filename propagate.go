package parfor

import (
	"context"
	"errors"
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
	addCarrier(name, site, err, carrier[T]{
		take: func(ctx context.Context) (t T, has bool, err error) {
			v := ctx.Value(key)
			if t, has = v.(T); v != nil && !has {
				err = fmt.Errorf("parfor: the context value under %s is a %T, and was propagated as %v at %s", name, v, reflect.TypeFor[T](), site)
			}
			return t, has, err
		},
		put: func(ctx context.Context, t T) context.Context { return context.WithValue(ctx, key, t) },
	})
	return key
}

// PropagateFunc is [Propagate] for what lies in contexts under keys that only
// another package has, a trace's span or a logger's fields: take finds it in
// the context of a loop or reports that there is none, put puts it into a
// context in the worker process.
//
//	var _ = parfor.PropagateFunc("example.com/tenant", tenant.FromContext, tenant.NewContext)
//
// Both may be called concurrently, once for a loop: take by the goroutine that
// begins it, put in each worker that runs some of it. The name tells it from
// everything else that is propagated, in both processes: begin it with your
// import path. PropagateFunc returns it, and panics as Propagate does.
func PropagateFunc[T any](name string, take func(context.Context) (T, bool), put func(context.Context, T) context.Context) string {
	site := callerSite(2)
	var err error
	switch {
	case name == "":
		err = errors.New("the name is empty: begin it with your import path")
	case take == nil || put == nil:
		err = fmt.Errorf("%s needs a function that takes it out of a context, and one that puts it into another", name)
	}
	addCarrier(name, site, err, carrier[T]{
		take: func(ctx context.Context) (T, bool, error) {
			t, has := take(ctx)
			return t, has, nil
		},
		put: put,
	})
	return name
}

var propagated struct {
	mu   sync.RWMutex
	list []propagation
}

// propagation moves one thing that contexts carry.
type propagation struct {
	name, site string
	collect    func(context.Context) (encoded []byte, has bool, err error)
	restore    func(context.Context, []byte) (context.Context, error)
}

// carrier is a propagation before its type is gone.
type carrier[T any] struct {
	take func(context.Context) (t T, has bool, err error)
	put  func(context.Context, T) context.Context
}

// addCarrier panics if the carrier is wrong, or err says so.
func addCarrier[T any](name, site string, err error, c carrier[T]) {
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
	values := codec.Of[T]()
	propagated.list = append(propagated.list, propagation{
		name: name, site: site,
		collect: func(ctx context.Context) ([]byte, bool, error) {
			t, has, err := c.take(ctx)
			if err != nil || !has {
				return nil, false, err
			}
			b, err := values.Append(nil, &t)
			return b, true, err
		},
		restore: func(ctx context.Context, b []byte) (context.Context, error) {
			var t T
			if err := values.Decode(b, &t); err != nil {
				return ctx, err
			}
			return c.put(ctx, t), nil
		},
	})
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
		b, has, err := p.collect(ctx)
		if err != nil {
			return nil, err
		}
		if has {
			values = append(values, engine.Arg{Name: p.name, Encoded: b})
		}
	}
	return values, nil
}

// restore is the other end of collectPropagated, for one value.
func restore(ctx context.Context, name string, encoded []byte) (context.Context, error) {
	propagated.mu.RLock()
	defer propagated.mu.RUnlock()
	for _, p := range propagated.list {
		if p.name == name {
			restored, err := p.restore(ctx, encoded)
			if err != nil {
				return ctx, fmt.Errorf("parfor: the context value under %s: %w", name, err)
			}
			return restored, nil
		}
	}
	return ctx, fmt.Errorf("parfor: the context key %s is not propagated in this process: call parfor.Propagate in a package variable", name)
}

func init() { task.Restore = restore }
