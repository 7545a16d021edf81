package writeset

import (
	"encoding/binary"
	"errors"

	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/task"
)

// callKind is the kind of calls from workers to the owner that are about
// dictionaries.
const callKind = 1

func init() {
	task.NeedIdentity = true
	task.CommitEncoded = CommitEncoded
	task.CheckEncoded = CheckEncoded
	task.EndClaims = EndClaims
	task.EndLife = EndLife
	task.OpenBook = openBook
	call.Handle(callKind, serve)
}

// How an answer begins. The channel would bring an error back as text alone;
// one that programs compare has a code.
const (
	answered = iota
	failed   // a text follows
	closed   // a text follows; it is ErrClosed
)

// serve answers a worker: the id of the dictionary, then the question.
func serve(req []byte) ([]byte, error) {
	b, err := answer(Read(req))
	switch {
	case errors.Is(err, ErrClosed):
		return append([]byte{closed}, err.Error()...), nil
	case err != nil:
		return append([]byte{failed}, err.Error()...), nil
	}
	return b, nil
}

func answer(r *Reader) ([]byte, error) {
	id := r.Uint64()
	if r.Err() != nil {
		return nil, r.Err()
	}
	st, err := Find(id)
	if err != nil {
		return nil, err
	}
	return st.Serve(r, []byte{answered})
}

// remoteError is an error of the owner, in a worker.
type remoteError struct {
	text string
	is   error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.is }

// Distant reports whether the owner of the attempt's dictionaries is not the
// program that started this worker, so that they share no memory.
func Distant(a *task.Attempt) bool {
	if a == nil {
		return false
	}
	l := a.Outermost().Loop
	return l != nil && l.Reach != 0
}

func toOwner(a *task.Attempt, req []byte) ([]byte, error) {
	if !Distant(a) {
		return call.ToOwner(callKind, req)
	}
	o := a.Outermost()
	t := call.Through{Reach: o.Loop.Reach, Index: o.Index, Claimant: a.Claimant(), Kind: callKind, Req: req}
	return t.Send()
}

// Ask sends a question of an attempt about a dictionary to the owner and waits
// for the answer. The attempt may be nil in the worker of a program's own pool.
func Ask(a *task.Attempt, id uint64, question func(dst []byte) []byte) (*Reader, error) {
	req := question(binary.LittleEndian.AppendUint64(make([]byte, 0, 64), id))
	if call.ToOwner == nil {
		return nil, task.ErrNoTask
	}
	b, err := toOwner(a, req)
	if err != nil {
		return nil, err
	}
	r := Read(b)
	switch r.Byte() {
	case answered:
		return r, r.Err()
	case closed:
		return nil, &remoteError{string(r.Rest()), ErrClosed}
	}
	return nil, &remoteError{text: string(r.Rest())}
}
