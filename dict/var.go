package dict

import (
	"context"
	"reflect"
)

// Var is one value that tasks share, or its absence: a variable. It is a handle,
// as a [Dict] is: it travels inside items and parfor.With. What the context
// means is as for Dict, and so are the values and their copies, and what becomes
// of a task that fails: it has set nothing. All methods may be called
// concurrently.
type Var[T any] struct {
	d Dict[struct{}, T]
}

const ofVar kind = "Var"

// NewVar returns the variable of that name, absent at first, which exists once
// in the program: call it for a package variable. Names, values and panics are
// as for [New]; one name can't be a dictionary and a variable. The first value
// costs 16 KiB; who has many variables uses a Dict.
func NewVar[T any](name string, opts ...Option) *Var[T] {
	return &Var[T]{Dict[struct{}, T]{newNamed(ofVar, name, opts, newCore[struct{}, T])}}
}

// MakeVar returns a variable without a name; its life is as for [Make].
func MakeVar[T any](ctx context.Context, opts ...Option) (*Var[T], error) {
	c, err := newAnonymous(ctx, ofVar, opts, newCore[struct{}, T])
	if err != nil {
		return nil, err
	}
	return &Var[T]{Dict[struct{}, T]{c}}, nil
}

func (x *Var[T]) cell() *Dict[struct{}, T] {
	if x == nil {
		return nil
	}
	return &x.d
}

// Get returns the value and whether there is one, in a task what the task set.
// A task that reads the variable and then sets it depends on what it read: if
// another task set it meanwhile it ends with parfor.ErrConflict; see [Dict.Get].
func (x *Var[T]) Get(ctx context.Context) (v T, ok bool, err error) {
	return x.cell().Get(ctx, struct{}{})
}

// Set stores a value. It is blind: it never conflicts, and of several tasks the
// last one in commit order stays. In a task it takes effect if, and when, the
// task succeeds; an error fails the task.
func (x *Var[T]) Set(ctx context.Context, v T) error {
	return x.cell().Set(ctx, struct{}{}, v)
}

// Clear takes the value away; that none is there is no error. Otherwise as Set.
func (x *Var[T]) Clear(ctx context.Context) error {
	return x.cell().Delete(ctx, struct{}{})
}

// ComputeVar makes the value what fn makes of it and arg, and returns what
// [Compute] does. fn is registered with [RegisterCompute], and everything said
// there goes for it.
func ComputeVar[T, A any](ctx context.Context, x *Var[T], fn func(old T, ok bool, arg A) (T, bool), arg A) (T, bool, error) {
	return Compute(ctx, x.cell(), struct{}{}, fn, arg)
}

// Name returns the full name, or "anonymous var n".
func (x *Var[T]) Name() string { return x.cell().Name() }

// Close ends the variable and frees its value; otherwise as [Dict.Close].
func (x *Var[T]) Close() { x.cell().Close() }

// AppendBinary appends the encoding of the handle, not of the value; otherwise
// as [Dict.AppendBinary].
func (x *Var[T]) AppendBinary(dst []byte) ([]byte, error) {
	return x.cell().appendHandle(dst, handleOf[*Var[T]](ofVar, reflect.TypeFor[T]()))
}

// MarshalBinary is AppendBinary to a new slice.
func (x *Var[T]) MarshalBinary() ([]byte, error) { return x.AppendBinary(nil) }

// UnmarshalBinary makes x a handle of the variable that b names.
func (x *Var[T]) UnmarshalBinary(b []byte) error {
	return x.d.readHandle(b, handleOf[*Var[T]](ofVar, reflect.TypeFor[T]()))
}
