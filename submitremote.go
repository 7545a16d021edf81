package parfor

import (
	"context"
	"reflect"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/engine"
	"parfor.dev/parfor/internal/meter"
	"parfor.dev/parfor/internal/registry"
)

// laneKey says which submissions are alike: one job can hold them all, and
// submitting costs no attachment of its own.
type laneKey struct {
	ctx  context.Context
	body *registry.Body
}

// dispatch hands the task to an executor in other processes.
func (s *submission[In, Out]) dispatch() {
	f := s.future
	body := lookup(s.body)
	if body == nil {
		f.reject(errNotRegistered(bodyName(s.body), false))
		return
	}
	if !s.admit() {
		return
	}
	if s.ctx.Err() != nil {
		f.cancel(canceled(s.ctx))
		return
	}
	var key any
	if s.bare && hasIdentity(s.ctx) {
		key = laneKey{s.ctx, body}
		if l, ok := f.ledger.Lanes.Load(key); ok && l.(*lane[In, Out]).join(f) {
			return
		}
	}
	l, err := s.lane(body)
	if err != nil {
		f.reject(err)
		return
	}
	l.open(key, f)
}

// hasIdentity reports whether equal contexts are one context, so that it can be
// a key: a pointer, or one that never ends.
func hasIdentity(ctx context.Context) bool {
	return ctx == context.Background() || ctx == context.TODO() || reflect.TypeOf(ctx).Kind() == reflect.Pointer
}

// lane makes a job for this submission and others like it.
func (s *submission[In, Out]) lane(body *registry.Body) (*lane[In, Out], error) {
	s.arrange()
	name := s.name
	if name == "" {
		name = body.Name
	}
	total := 1
	if s.bare {
		total = -1
	}
	l := &lane[In, Out]{ledger: s.future.ledger, remote: s.engine.Remote, label: s.label,
		in: codec.Of[In](), result: codec.Of[Out]()}
	l.config, l.parent = s.config, s.parent
	args, err := encodeArgs(s.config)
	if err != nil {
		return nil, err
	}
	var ctx context.Context
	l.meter, ctx = meter.In(s.ctx, name, s.engine.Kind, s.engine.Remote.Slots(), total, s.observers)
	values, err := collectPropagated(ctx)
	if err == nil {
		l.spec = engine.Spec{Name: name, Body: body, Ctx: ctx, Timeout: s.timeout, Grace: s.grace,
			Args: args, Values: values, Meter: l.meter, Label: l.text, Serializable: s.serializable, Inline: l.inline(s.future)}
		err = s.engine.Remote.Check(&l.spec)
	}
	if err != nil {
		l.meter.End(err) // for who watches it has begun
		return nil, err
	}
	return l, nil
}
