package parfor

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"parfor.dev/parfor/internal/task"
)

// program tells this process's loops from those of others; runs numbers them.
var (
	program = rand.Uint64()
	runs    atomic.Uint64
)

// Key returns a key of the task that ctx belongs to: the same in every attempt,
// after conflicts, and on whichever worker it is tried again; another one for
// every other item, and for every other run of the loop. In a loop with a
// [Journal] it is the same in every run that goes on with the file. Send it as the
// idempotency key of a paid call: what is tried again is then not paid again.
//
// In a loop inside a task it is that task's key, a slash, and its own, which
// stays the same if the task begins its loops one after the other. It has
// letters, digits, "-" and "/" only. Outside tasks it is empty.
func Key(ctx context.Context) string {
	a := task.From(ctx)
	if a == nil || a.Loop == nil {
		return ""
	}
	return string(appendKey(nil, a))
}

func appendKey(b []byte, a *task.Attempt) []byte {
	if a.Note != nil {
		return appendJournalKey(b, a.Loop.Journal, &a.Note.Key)
	}
	if a.Parent != nil {
		b = append(appendKey(b, a.Parent), '/')
	} else {
		p := a.Loop.Program
		if o := a.Loop.Origin; o != [2]uint64{} {
			return strconv.AppendInt(append(strconv.AppendUint(append(strconv.AppendUint(b, o[0], 36), '-'), o[1], 36), '-'), int64(a.Index), 10)
		}
		if p == 0 {
			p = program
		}
		b = append(strconv.AppendUint(b, p, 36), '-')
	}
	run := a.Loop.Run
	if a.Loop.Nth > 0 {
		run = a.Loop.Nth
	}
	b = strconv.AppendUint(b, run, 36)
	return strconv.AppendInt(append(b, '-'), int64(a.Index), 10)
}
