package dict

import "context"

// Counter is a number that tasks share. It is a handle, as a [Dict] is: it
// travels inside items and parfor.With. What the context means is as for Dict,
// and so is what becomes of a task that fails, is killed or tried again: it has
// counted nothing. All methods may be called concurrently.
type Counter struct {
	d Dict[struct{}, int64]
}

const ofCounter kind = "Counter"

// NewCounter returns the counter of that name, 0 at first, which exists once in
// the program: call it for a package variable. Names and panics are as for
// [New]; one name can't be a dictionary and a counter. The first count costs
// 16 KiB; who has many counters uses a Dict.
func NewCounter(name string) *Counter {
	return &Counter{Dict[struct{}, int64]{newNamed(ofCounter, name, nil, newCore[struct{}, int64])}}
}

// MakeCounter returns a counter without a name; its life is as for [Make].
func MakeCounter(ctx context.Context) (*Counter, error) {
	c, err := newAnonymous(ctx, ofCounter, nil, newCore[struct{}, int64])
	if err != nil {
		return nil, err
	}
	return &Counter{Dict[struct{}, int64]{c}}, nil
}

func (n *Counter) cell() *Dict[struct{}, int64] {
	if n == nil {
		return nil
	}
	return &n.d
}

// Add adds delta, which may be negative. It is blind: it never conflicts, no
// update is lost, and several of one task travel as one. It wraps around as in
// Go. In a task it takes effect if, and when, the task succeeds.
func (n *Counter) Add(ctx context.Context, delta int64) error {
	return n.cell().Add(ctx, struct{}{}, delta)
}

// AddGet adds delta and returns the sum, which no other successful task is
// told: for ticket numbers. In a task it is an observation, see [Dict.AddGet].
func (n *Counter) AddGet(ctx context.Context, delta int64) (int64, error) {
	return n.cell().AddGet(ctx, struct{}{}, delta)
}

// Get returns the count, in a task with what the task added. A task that reads
// the counter and writes it too depends on what it read, see [Dict.Get].
func (n *Counter) Get(ctx context.Context) (int64, error) {
	v, _, err := n.cell().Get(ctx, struct{}{})
	return v, err
}

// Set makes the count v. It is blind, as Add is.
func (n *Counter) Set(ctx context.Context, v int64) error {
	return n.cell().Set(ctx, struct{}{}, v)
}

// Name returns the full name, or "anonymous counter n".
func (n *Counter) Name() string { return n.cell().Name() }

// Close ends the counter; otherwise as [Dict.Close].
func (n *Counter) Close() { n.cell().Close() }

// AppendBinary appends the encoding of the handle, not of the count; otherwise
// as [Dict.AppendBinary].
func (n *Counter) AppendBinary(dst []byte) ([]byte, error) {
	return n.cell().appendHandle(dst, handleOf[*Counter](ofCounter))
}

// MarshalBinary is AppendBinary to a new slice.
func (n *Counter) MarshalBinary() ([]byte, error) { return n.AppendBinary(nil) }

// UnmarshalBinary makes n a handle of the counter that b names.
func (n *Counter) UnmarshalBinary(b []byte) error {
	return n.d.readHandle(b, handleOf[*Counter](ofCounter))
}
