package task

import (
	"context"
	"sync"
)

// Arg is a named value as it travels.
type Arg struct {
	Name    string
	Encoded []byte
}

// args are the arguments of a loop that another process began: as they came, and
// what was made of them.
type args struct {
	encoded map[string][]byte // never changes

	mu     sync.Mutex
	values map[string]any
}

func (a *args) get(name string) (value any, encoded []byte, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if v, ok := a.values[name]; ok {
		return v, nil, true
	}
	b, ok := a.encoded[name]
	return nil, b, ok
}

func (a *args) keep(name string, v any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.values == nil {
		a.values = map[string]any{}
	}
	a.values[name] = v
}

// Give gives a loop the arguments that it came with to this process, those that
// are about the loop itself included.
func Give[A ~struct {
	Name    string
	Encoded []byte
}](l *Loop, from []A) {
	a := &args{}
	if len(from) > 0 {
		a.encoded = make(map[string][]byte, len(from))
	}
	for _, f := range from {
		f := Arg(f)
		a.encoded[f.Name] = f.Encoded
	}
	l.Arg, l.Keep = a.get, a.keep
	l.through(a.encoded)
	if items, ok := a.encoded[GroupArg]; ok {
		l.Group = string(items)
	}
}

// Restored adds the propagated values that a loop came with to the context of its
// tasks, as [Restore] does. With an error the context has those before it.
func Restored[A ~struct {
	Name    string
	Encoded []byte
}](ctx context.Context, values []A) (context.Context, error) {
	if Restore == nil {
		return ctx, nil
	}
	for _, v := range values {
		v := Arg(v)
		with, err := Restore(ctx, v.Name, v.Encoded)
		if err != nil {
			return ctx, err
		}
		ctx = with
	}
	return ctx, nil
}
