package parfor

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/task"
)

// With gives a loop a value that its bodies read with [Arg]: configuration, a
// big constant, what a closure would have captured. There can be one value of
// each type; define a type for each.
//
// In this process bodies get v itself. To other processes it is sent once per
// worker and loop. Either way it is shared by all bodies there and must not be
// changed. It belongs to this loop and not to loops inside its bodies.
func With[T any](v T) Option {
	return func(c *config) error {
		name := typeName[T]()
		if _, ok := c.values[name]; ok {
			return fmt.Errorf("With(%v) is given twice: there can be one value of a type, so define a type for each", reflect.TypeFor[T]())
		}
		if c.values == nil {
			c.values = map[string]any{}
		}
		c.values[name] = &given[T]{v}
		return nil
	}
}

// given is the value of a With. The pointer keeps an interface's own type and
// a nil apart from "not there".
type given[T any] struct{ v T }

func (g *given[T]) encode() ([]byte, error) {
	if err := roundTrips(reflect.TypeFor[T]()); err != nil {
		return nil, err
	}
	return codec.Of[T]().Append(nil, &g.v)
}

// Arg returns the value of type T that the loop was given with [With]. It
// costs a map lookup; in a worker process the first call of a loop decodes.
// It may be called concurrently.
//
// It panics, which fails the task with a *[PanicError] that says what to
// write, if the loop was given no such value, or ctx is not that of a task.
func Arg[T any](ctx context.Context) T {
	name := typeName[T]()
	a := task.From(ctx)
	if a == nil || a.Loop == nil || a.Loop.Arg == nil {
		panic(fmt.Sprintf("parfor: Arg[%v]: not inside a task: use the context the body was given", reflect.TypeFor[T]()))
	}
	value, encoded, ok := a.Loop.Arg(name)
	if g, is := value.(*given[T]); is {
		return g.v
	}
	if !ok || value != nil {
		panic(fmt.Sprintf("parfor: Arg[%v]: the loop was given no such value: add the option parfor.With(v) with a v of exactly this type", reflect.TypeFor[T]()))
	}
	g := &given[T]{}
	if err := codec.Of[T]().Decode(encoded, &g.v); err != nil {
		panic(fmt.Sprintf("parfor: Arg[%v]: %v", reflect.TypeFor[T](), err))
	}
	if a.Loop.Keep != nil {
		a.Loop.Keep(name, g)
	}
	return g.v
}

// encodeArgs encodes what With gave, for a loop in other processes, sorted by
// name.
func encodeArgs(c *config) ([]engine.Arg, error) {
	args := make([]engine.Arg, 0, len(c.values))
	for name, v := range c.values {
		b, err := v.(interface{ encode() ([]byte, error) }).encode()
		if err != nil {
			return nil, fmt.Errorf("%w: With can't send its value to another process: %w", ErrOption, err)
		}
		args = append(args, engine.Arg{Name: name, Encoded: b})
	}
	slices.SortFunc(args, func(a, b engine.Arg) int { return strings.Compare(a.Name, b.Name) })
	return args, nil
}
