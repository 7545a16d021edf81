package dict

import "context"

type Dict[K comparable, V any] struct{}

func Make[K comparable, V any](ctx context.Context) (*Dict[K, V], error) { return nil, nil }

func New[K comparable, V any](name string) *Dict[K, V] { return nil }

func (d *Dict[K, V]) Set(ctx context.Context, k K, v V) error { return nil }

func (d *Dict[K, V]) Add(ctx context.Context, k K, delta V) error { return nil }

type Counter struct{}

func (n *Counter) Add(ctx context.Context, delta int64) error { return nil }
