package writeset

import (
	"bytes"

	"parfor.dev/parfor/internal/mutant"
	"parfor.dev/parfor/internal/task"
)

// putOff is a planted bug: a commit that has its number, and is reported, before
// it is applied.
func putOff(b []byte, t task.Ticket) uint64 {
	b = bytes.Clone(b)
	n := last.Add(1)
	mutant.Later(func() {
		var s Set
		if s.decode(b) != nil {
			return
		}
		lock(s.parts)
		defer unlock(s.parts)
		for _, p := range s.parts {
			if p.Admit(t) == nil {
				p.Apply(n, t)
			}
		}
	})
	return n
}
