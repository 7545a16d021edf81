package call

import (
	"encoding/binary"
	"errors"
)

// ThroughKind is the kind of calls that the process which started the worker
// does not answer itself: it is an agent, and passes them on to the program whose
// loop the task is of.
const ThroughKind = 2

// Through is a call of a task whose loop was begun in another program than the
// one that started this worker. Reach is how the agent finds that program, Index
// and Claimant say which attempt asks.
type Through struct {
	Reach    uint64
	Index    int
	Claimant uint64
	Kind     uint8
	Req      []byte
}

const throughHead = 8 + 8 + 8 + 1

// Send asks the owner through the agent.
func (t *Through) Send() ([]byte, error) {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, throughHead+len(t.Req)), t.Reach)
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Index))
	b = binary.LittleEndian.AppendUint64(b, t.Claimant)
	return ToOwner(ThroughKind, append(append(b, t.Kind), t.Req...))
}

// ReadThrough reads what Send sent; Req aliases b.
func ReadThrough(b []byte) (t Through, err error) {
	if len(b) < throughHead {
		return t, errors.New("parfor: a call through an agent ends early")
	}
	t = Through{Reach: binary.LittleEndian.Uint64(b), Index: int(binary.LittleEndian.Uint64(b[8:])),
		Claimant: binary.LittleEndian.Uint64(b[16:]), Kind: b[24], Req: b[throughHead:]}
	if t.Index < 0 {
		return t, errors.New("parfor: a call through an agent is of no item")
	}
	return t, nil
}
