package oracle

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/meter"
)

var live = dict.NewLive[int64, int64]("oracle live")

// What is done to live dictionaries.
const (
	liveGet = iota
	liveSet
	liveDelete
	liveAdd
	liveSetIfAbsent
	liveCompareAndSwap
	liveCompareAndDelete
	liveSwap
	livePop
	liveKinds
)

// call is one operation: what was asked, what was answered, and when. The clock
// is that of the machine, the same for all its processes.
type call struct {
	ID           uint64 // of the client and its operation
	Kind, Key    int64
	A, B         int64
	Out, OK      int64
	Begun, Ended int64
	Answered     int64 // 1 in the record that comes after the answer
}

// journal is where a client tells of its operations, before and after each.
type journal interface{ write(call) }

// liveOrder is a task on live dictionaries. What its worker did before it was
// killed is in a file, appended to with one write for each record: the kernel
// has it, whatever becomes of the process.
type liveOrder struct {
	Dir   string
	Seed  uint64
	Index int
}

const (
	liveKeys     = 3
	callsOfATask = 6
)

// files are the journals of a process, one per directory.
var files sync.Map

type fileJournal struct{ f *os.File }

func (j fileJournal) write(c call) {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, c)
	if _, err := j.f.Write(b.Bytes()); err != nil {
		panic(err) // the history would be wrong
	}
}

func journalIn(dir string) (journal, error) {
	if j, ok := files.Load(dir); ok {
		return j.(journal), nil
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprint(os.Getpid())), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	j, loaded := files.LoadOrStore(dir, fileJournal{f})
	if loaded {
		f.Close()
	}
	return j.(journal), nil
}

// operate is the body.
func operate(ctx context.Context, o liveOrder) (int, error) {
	j, err := journalIn(o.Dir)
	if err != nil {
		return 0, err
	}
	r := rand.New(rand.NewPCG(o.Seed, uint64(o.Index)))
	for range callsOfATask {
		if err := operation(ctx, j, r); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

var _ = parfor.Register(operate)

var calls atomic.Uint64

// operation does one operation at random and tells of it. There are few keys
// and values, so that comparisons often hold.
func operation(ctx context.Context, j journal, r *rand.Rand) error {
	c := call{ID: uint64(os.Getpid())<<32 | calls.Add(1), Kind: r.Int64N(liveKinds), Key: r.Int64N(liveKeys), A: r.Int64N(4), B: r.Int64N(4)}
	c.Begun = meter.Now()
	j.write(c)
	if err := c.do(ctx); err != nil {
		return err // it may have happened
	}
	c.Ended, c.Answered = meter.Now(), 1
	j.write(c)
	return nil
}

func (c *call) do(ctx context.Context) (err error) {
	ok := false
	switch c.Kind {
	case liveGet:
		c.Out, ok, err = live.Get(ctx, c.Key)
	case liveSet:
		err = live.Set(ctx, c.Key, c.A)
	case liveDelete:
		err = live.Delete(ctx, c.Key)
	case liveAdd:
		c.Out, err = live.Add(ctx, c.Key, c.A)
	case liveSetIfAbsent:
		c.Out, ok, err = live.SetIfAbsent(ctx, c.Key, c.A)
	case liveCompareAndSwap:
		ok, err = live.CompareAndSwap(ctx, c.Key, c.A, c.B)
	case liveCompareAndDelete:
		ok, err = live.CompareAndDelete(ctx, c.Key, c.A)
	case liveSwap:
		c.Out, ok, err = live.Swap(ctx, c.Key, c.A)
	case livePop:
		c.Out, ok, err = live.Pop(ctx, c.Key)
	}
	c.OK = truth(ok)
	return err
}
