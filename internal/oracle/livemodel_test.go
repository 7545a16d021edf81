package oracle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/anishathalye/porcupine"
)

// cell is what a key of a live dictionary is.
type cell struct {
	v  int64
	ok bool
}

// after is what a key is after an operation, and what it answers.
func (c *call) after(was cell) (now cell, out int64, ok bool) {
	put := cell{c.A, true}
	switch c.Kind {
	case liveGet:
		return was, was.v, was.ok
	case liveSet:
		return put, 0, false
	case liveDelete:
		return cell{}, 0, false
	case liveAdd:
		return cell{was.v + c.A, true}, was.v + c.A, false
	case liveSetIfAbsent:
		if was.ok {
			return was, was.v, false
		}
		return put, c.A, true
	case liveCompareAndSwap:
		if was == put {
			return cell{c.B, true}, 0, true
		}
		return was, 0, false
	case liveCompareAndDelete:
		if was == put {
			return cell{}, 0, true
		}
		return was, 0, false
	case liveSwap:
		return put, was.v, was.ok
	case livePop:
		return cell{}, was.v, was.ok
	}
	panic("unknown operation")
}

// tellsValue reports whether the answer is a value even if it isn't ok.
func (c *call) tellsValue() bool {
	switch c.Kind {
	case liveAdd, liveSetIfAbsent:
		return true
	case liveCompareAndSwap, liveCompareAndDelete:
		return false
	}
	return c.OK == 1
}

// linear is the model of one key. An operation without an answer may have any;
// it may have happened at any time after it began, or at the end of the history,
// where it makes no difference.
var linear = porcupine.Model{
	Init: func() any { return cell{} },
	Step: func(state, in, _ any) (bool, any) {
		c := in.(*call)
		now, out, ok := c.after(state.(cell))
		if c.Answered == 0 {
			return true, now
		}
		return truth(ok) == c.OK && (!c.tellsValue() || out == c.Out), now
	},
}

// readJournals returns the calls in a directory. A record that its process did
// not write to its end is none: one that began is not asked before it is.
func readJournals(dir string) (cs []call, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for r := bytes.NewReader(b); ; {
			var c call
			err := binary.Read(r, binary.LittleEndian, &c)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			cs = append(cs, c)
		}
	}
	return cs, nil
}

// linearize checks the history of each key. It returns how many operations there
// were, and how many have no answer.
func linearize(records []call) (n, open int, err error) {
	all := map[uint64]*call{}
	for i := range records {
		if c := &records[i]; all[c.ID] == nil || c.Answered == 1 {
			all[c.ID] = c
		}
	}
	keys := map[int64][]porcupine.Operation{}
	for _, c := range all {
		n++
		end := c.Ended
		if c.Answered == 0 {
			open++
			if c.Kind == liveGet {
				continue
			}
			end = math.MaxInt64
		}
		keys[c.Key] = append(keys[c.Key], porcupine.Operation{Input: c, Call: c.Begun, Return: end})
	}
	for k, ops := range keys {
		switch porcupine.CheckOperationsTimeout(linear, ops, time.Minute) {
		case porcupine.Illegal:
			return n, open, violation("the %d operations on key %d of a live dictionary have no order", len(ops), k)
		case porcupine.Unknown:
			return n, open, errors.New("the history is too long to tell")
		}
	}
	return n, open, nil
}
