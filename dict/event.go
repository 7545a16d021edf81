package dict

import (
	"context"

	"parfor.dev/parfor/internal/task"
)

// Event is a flag that tasks share and wait for. It is a handle, as a [Dict] is:
// it travels inside items and parfor.With. Set and Clear in a task take effect
// when the task succeeds, and never if it fails: who waits is woken by results,
// not by attempts. (A flag that tasks see at once, whatever becomes of who sets
// it, is a key of a [Live].) All methods may be called concurrently.
type Event struct {
	d Dict[struct{}, struct{}] // it is set if the key is there
}

const ofEvent kind = "Event"

// NewEvent returns the event of that name, not set, which exists once in the
// program: call it for a package variable. Names and panics are as for [New].
func NewEvent(name string, opts ...WaitOption) *Event {
	c := newNamed(ofEvent, name, nil, newCore[struct{}, struct{}])
	c.outside.Store(waitOptionsOf(opts).outside)
	return &Event{Dict[struct{}, struct{}]{c}}
}

// MakeEvent returns an event without a name; its life is as for [Make].
func MakeEvent(ctx context.Context, opts ...WaitOption) (*Event, error) {
	c, err := newAnonymous(ctx, ofEvent, nil, newCore[struct{}, struct{}])
	if err != nil {
		return nil, err
	}
	c.outside.Store(waitOptionsOf(opts).outside)
	return &Event{Dict[struct{}, struct{}]{c}}, nil
}

func (e *Event) cell() *Dict[struct{}, struct{}] {
	if e == nil {
		return nil
	}
	return &e.d
}

// Set sets the event and wakes all who wait, in a task when that succeeds. It
// is blind: it never conflicts.
func (e *Event) Set(ctx context.Context) error {
	if e != nil && e.d.c != nil && task.From(ctx) == nil {
		e.d.c.outside.Store(true)
	}
	return e.cell().Set(ctx, struct{}{}, struct{}{})
}

// Clear makes the event one that is not set; otherwise as Set.
func (e *Event) Clear(ctx context.Context) error {
	return e.cell().Delete(ctx, struct{}{})
}

// IsSet reports whether the event is set, in a task what the task made of it.
func (e *Event) IsSet(ctx context.Context) (bool, error) {
	return e.cell().Has(ctx, struct{}{})
}

// Name returns the full name, or "anonymous event n".
func (e *Event) Name() string { return e.cell().Name() }

// Close ends the event; who waits gets [ErrClosed]. Otherwise as [Dict.Close].
func (e *Event) Close() { e.cell().Close() }

// AppendBinary appends the encoding of the handle, not of the flag; otherwise
// as [Dict.AppendBinary].
func (e *Event) AppendBinary(dst []byte) ([]byte, error) {
	return e.cell().appendHandle(dst, handleOf[*Event](ofEvent))
}

// MarshalBinary is AppendBinary to a new slice.
func (e *Event) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary makes e a handle of the event that b names.
func (e *Event) UnmarshalBinary(b []byte) error {
	return e.d.readHandle(b, handleOf[*Event](ofEvent))
}
