package parfor

import "context"

type Option func()

func Map[In, Out any](ctx context.Context, items []In, fn func(context.Context, In) (Out, error), opts ...Option) ([]Out, error) {
	return nil, nil
}

func Each[In any](ctx context.Context, items []In, fn func(context.Context, In) error, opts ...Option) error {
	return nil
}

func Register[In, Out any](fn func(context.Context, In) (Out, error)) struct{} { return struct{}{} }

func Arg[T any](ctx context.Context) (v T) { return }
