package parfor

import (
	"context"
	"fmt"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/journalfile"
)

// Loops over slices whose tasks wait run as a stream of items without a type, so
// that the stream is compiled once and not for each loop of a program: with types
// it took four times as long to compile a program of many loops. An item in a box
// costs an allocation.

// coding is what a stream knows of its types.
type coding[In, Out any] struct {
	in     *codec.Codec[In]
	out    *codec.Codec[Out]
	header func(*config) (journalfile.Header, error)
}

func codingOf[In, Out any](b *body[In, Out]) coding[In, Out] {
	return coding[In, Out]{codec.Of[In](), codec.Of[Out](), func(c *config) (journalfile.Header, error) { return journalHeader(b, c) }}
}

// eraseCoding makes the coding of a loop for items and results in boxes.
func eraseCoding[In, Out any](b *body[In, Out]) coding[any, any] {
	c := codingOf(b)
	return coding[any, any]{eraseCodec(c.in), eraseCodec(c.out), c.header}
}

func eraseCodec[T any](c *codec.Codec[T]) *codec.Codec[any] {
	return &codec.Codec[any]{
		Kind:   c.Kind,
		Append: func(dst []byte, v *any) ([]byte, error) { return c.Put(dst, unbox[T](*v)) },
		Decode: func(b []byte, v *any) error {
			t, err := c.Get(b)
			*v = t
			return err
		},
	}
}

// unbox is the value in a box; nil is one of an interface type.
func unbox[T any](v any) T {
	t, _ := v.(T)
	return t
}

func eraseBody[In, Out any](b *body[In, Out]) body[any, any] {
	fn := b.fn
	return body[any, any]{name: b.name, registered: b.registered, noOut: b.noOut,
		fn: func(ctx context.Context, in any) (any, error) { return fn(ctx, unbox[In](in)) }}
}

// eraseOptions checks the options that are functions of an item.
func eraseOptions[In any](c *config) error {
	for i := range c.limits {
		r := &c.limits[i]
		if r.key != nil {
			f, ok := r.key.(func(In) string)
			if !ok {
				return fmt.Errorf("%w: LimitBy takes %T here, not %T", ErrOption, f, r.key)
			}
			r.key = func(in any) string { return f(unbox[In](in)) }
		}
		if r.weight != nil {
			f, ok := r.weight.(func(In) int)
			if !ok {
				return fmt.Errorf("%w: LimitWeight takes %T here, not %T", ErrOption, f, r.weight)
			}
			r.weight = func(in any) int { return f(unbox[In](in)) }
		}
	}
	if c.journaled.itemKey != nil {
		f, ok := c.journaled.itemKey.(func(In) string)
		if !ok {
			return fmt.Errorf("%w: ItemKey takes %T here, not %T", ErrOption, f, c.journaled.itemKey)
		}
		c.journaled.itemKey = func(in any) string { return f(unbox[In](in)) }
	}
	return nil
}
