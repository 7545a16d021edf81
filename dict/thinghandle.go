package dict

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"runtime"
	"weak"

	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var errMadeInTask = errors.New("it can't be made with a task's context: tasks that wait for each other have to share it; make it in a package variable or before the loop, and pass it inside the items or with parfor.With")

// unnamed begins an anonymous thing.
func unnamed(ctx context.Context, what string) (*thing, error) {
	a, err := outside(ctx)
	if err == nil && a != nil {
		err = errMadeInTask
	}
	if err != nil {
		return nil, fmt.Errorf("dict: Make%s: %w", what, err)
	}
	id := writeset.Anonymous()
	return &thing{id: id, name: writeset.AnonymousName(id), life: ctx}, nil
}

// stored is a core that is a store: C is its type.
type stored[C any] interface {
	*C
	writeset.Store
}

// kindOf tells handles of one type from those of others.
func kindOf[C any]() uint64 {
	h := fnv.New64a()
	t := reflect.TypeFor[C]()
	fmt.Fprintf(h, "%s.%v", t.PkgPath(), t)
	return h.Sum64()
}

// appendThing appends the encoding of a handle.
func appendThing[C any, P stored[C]](dst []byte, t *thing, c P) []byte {
	if t.life != nil {
		t.travel.Do(func() { // see core.depart
			writeset.Keep(c)
			id, p := t.id, weak.Make((*C)(c))
			context.AfterFunc(t.life, func() { writeset.Loosen(id, lookUp[C, P](p)) })
			runtime.AddCleanup((*C)(c), func(id uint64) { writeset.Forget(id, nil) }, id)
		})
	}
	dst = le.AppendUint64(append(dst, handleVersion), t.id)
	return append(le.AppendUint64(dst, kindOf[C]()), 0)
}

// findThing finds what a handle means; make is for a worker process that has not
// seen it before.
func findThing[C any, P stored[C]](b []byte, make func(*thing) (P, error)) (P, error) {
	r := writeset.Read(b)
	version, id, kind, flags := r.Byte(), r.Uint64(), r.Uint64(), r.Byte()
	if len(b) != handleSize || version != handleVersion || flags != 0 || kind != kindOf[C]() {
		return nil, fmt.Errorf("dict: these bytes are no handle of a %v", reflect.TypeFor[C]())
	}
	st, err := writeset.Find(id)
	if err != nil && task.InWorker.Load() && writeset.IsAnonymous(id) {
		c, bad := make(&thing{id: id, name: writeset.AnonymousName(id)})
		if bad != nil {
			return nil, bad
		}
		if st, err = writeset.Loosen(id, lookUp[C, P](weak.Make((*C)(c)))), nil; st == writeset.Store(c) {
			runtime.AddCleanup((*C)(c), func(id uint64) { writeset.Forget(id, nil) }, id)
		}
	}
	if err != nil {
		return nil, err
	}
	c, ok := st.(P)
	if !ok {
		return nil, fmt.Errorf("dict: %s is not a %v", st.Name(), reflect.TypeFor[C]())
	}
	return c, nil
}

func lookUp[C any, P stored[C]](p weak.Pointer[C]) func() writeset.Store {
	return func() writeset.Store {
		if c := p.Value(); c != nil {
			return P(c)
		}
		return nil
	}
}

// ID is the number of a thing.
func (t *thing) ID() uint64 { return t.id }

// Name is the full name.
func (t *thing) Name() string { return t.name }

// Site is where it was made.
func (t *thing) Site() string { return t.site }
