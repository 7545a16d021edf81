package parfor

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"parfor.dev/parfor/internal/codec"
	"parfor.dev/parfor/internal/task"
)

// ErrNoGroup means that [Add] was called where no [Group] takes the items.
var ErrNoGroup = errors.New("parfor: no group takes the items")

// Add adds items to the group whose task ctx belongs to: they become tasks of
// it if this one succeeds. It doesn't block, may be called as often as need be
// and concurrently, and costs a small allocation or two; from a worker
// process items are encoded at once and travel with the result.
//
// The group is the innermost one around ctx whose items are of type In exactly:
// a task of a loop inside a group's task adds to that group, and a group inside
// another one has a scope of its own. An attempt of such an inner task that
// fails adds nothing; what one that succeeds added counts if the tasks around
// it succeed too. A group can't be reached from a worker process of an inner
// loop: it is part of another task there.
//
// The error is [ErrTaskDone] after the body returned, [ErrNoTask] or
// [ErrNoGroup] where there is no such group, and that of the encoding of an
// item, which fails the task, whatever the body makes of it.
func Add[In any](ctx context.Context, items ...In) error {
	a := task.From(ctx)
	if a == nil {
		return fmt.Errorf("%w: Add adds to the Group whose body calls it", ErrNoTask)
	}
	var other any
	for in := a; in != nil; in = in.Parent {
		if in.Loop == nil || in.Loop.Group == nil {
			continue
		}
		switch g := in.Loop.Group.(type) {
		case grows[In]:
			return a.Add(newGrown(in.Loop, g, items))
		case string:
			if g == typeName[In]() {
				return send(a, in.Loop, items)
			}
		}
		if other == nil {
			other = in.Loop.Group
		}
	}
	return notTaken[In](other)
}

// notTaken says what to write instead.
func notTaken[In any](other any) error {
	t := reflect.TypeFor[In]()
	switch g := other.(type) {
	case string:
		return fmt.Errorf("%w: they are of type %v, those of the group are %s: convert them, or write Add[%s]", ErrNoGroup, t, g, g)
	case interface{ itemType() reflect.Type }:
		return fmt.Errorf("%w: they are of type %v, those of the group are %v: convert them, or write Add[%v]", ErrNoGroup, t, g.itemType(), g.itemType())
	}
	return fmt.Errorf("%w: this is no task of a Group: run the loop as parfor.Group(ctx, seeds, body)", ErrNoGroup)
}

// grows is a group in this process, whatever its results are.
type grows[In any] interface{ publish(items []In) }

func (f *frontier[In, Out]) itemType() reflect.Type { return reflect.TypeFor[In]() }

// grown are items that an attempt adds to a group in this process.
type grown[In any] struct {
	to    *task.Loop
	group grows[In]
	items []In
	few   [2]In // room for few items, to save an allocation
}

func newGrown[In any](to *task.Loop, g grows[In], items []In) *grown[In] {
	more := &grown[In]{to: to, group: g}
	more.items = append(more.few[:0], items...)
	return more
}

func (g *grown[In]) To() *task.Loop       { return g.to }
func (g *grown[In]) Publish()             { g.group.publish(g.items) }
func (g *grown[In]) Join(more task.Items) { g.items = append(g.items, more.(*grown[In]).items...) }

// Append is never called: the loop is here.
func (g *grown[In]) Append(dst []byte) ([]byte, error) { return dst, nil }

// sent are items that an attempt in a worker process adds to its loop's group,
// encoded: each with its length before it.
type sent struct {
	to    *task.Loop
	items []byte
	err   error // of one that can't be encoded: the attempt can't succeed any more
}

// send adds items to a group that is in the owner's process.
func send[In any](a *task.Attempt, to *task.Loop, items []In) error {
	s := &sent{to: to}
	c := codec.Of[In]()
	for i := range items {
		if s.items, s.err = appendSized(s.items, c, items[i]); s.err != nil {
			s.err = fmt.Errorf("parfor: Add: %w", s.err)
			break
		}
	}
	if err := a.Add(s); err != nil {
		return err
	}
	return s.err
}

func (s *sent) To() *task.Loop { return s.to }
func (s *sent) Publish()       {} // the owner does, when it has decided

func (s *sent) Join(more task.Items) {
	m := more.(*sent)
	if s.items = append(s.items, m.items...); s.err == nil {
		s.err = m.err
	}
}

func (s *sent) Append(dst []byte) ([]byte, error) { return append(dst, s.items...), s.err }
