package parfor

import (
	"context"
	"fmt"

	"parfor.dev/parfor/internal/registry"
)

// body is a loop's function, with what is known of it.
type body[In, Out any] struct {
	fn         func(context.Context, In) (Out, error)
	name       string         // for people
	registered *registry.Body // nil if it can't leave this process
	noOut      bool           // an Each body: Out is struct{}
}

func bodyOf[In, Out any](fn func(context.Context, In) (Out, error)) body[In, Out] {
	return body[In, Out]{fn: fn, name: bodyName(fn), registered: lookup(fn)}
}

func eachBody[In any](fn func(context.Context, In) error) body[In, struct{}] {
	b := body[In, struct{}]{name: bodyName(fn), registered: lookupEach(fn), noOut: true}
	if fn != nil {
		b.fn = func(ctx context.Context, in In) (struct{}, error) { return struct{}{}, fn(ctx, in) }
	}
	return b
}

// check refuses a body that the loop's executor can't run.
func (b *body[In, Out]) check(l *loop) error {
	if b.fn == nil {
		return fmt.Errorf("%w: the body is nil", ErrOption)
	}
	if l.engine.Remote != nil && b.registered == nil {
		return errNotRegistered(b.name, b.noOut)
	}
	return nil
}
