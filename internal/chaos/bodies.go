//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/process"
)

// item is a task. Fault is the number of the fault it commits, from 1.
type item struct {
	N     int64
	Salt  uint32
	Fault uint8
}

// commit does what the item is to do. The next attempt is a good one.
func (it *item) commit(ctx context.Context) error {
	if it.Fault == 0 || task.From(ctx).Number > 1 || faults[it.Fault-1].do == nil {
		return nil
	}
	return faults[it.Fault-1].do(ctx, it)
}

// successes counts the tasks that succeeded, spread over some keys.
var successes = dict.New[int, int]("successes")

type keys struct{ N int }

func byAdd(ctx context.Context, it item) (int, error) {
	if err := it.commit(ctx); err != nil {
		return 0, err
	}
	return 2 * int(it.N), successes.Add(ctx, int(it.N)%parfor.Arg[keys](ctx).N, 1)
}

// byGetSet is the tutorial's d[k] = d[k] + 1.
func byGetSet(ctx context.Context, it item) (int, error) {
	if err := it.commit(ctx); err != nil {
		return 0, err
	}
	k := int(it.N) % parfor.Arg[keys](ctx).N
	v, _, err := successes.Get(ctx, k)
	if err != nil {
		return 0, err
	}
	return 2 * int(it.N), successes.Set(ctx, k, v+1)
}

// plainly is the body of loops without a dictionary.
func plainly(ctx context.Context, it item) (int, error) { return 2 * int(it.N), it.commit(ctx) }

// parcel is a large item, and its result.
type parcel struct {
	item
	data []byte
	dies bool // when it is encoded
}

// AppendBinary dies in the middle, if it is to.
func (p parcel) AppendBinary(dst []byte) ([]byte, error) {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(p.N))
	dst = binary.LittleEndian.AppendUint32(dst, p.Salt)
	dst = append(dst, p.Fault)
	dst = append(dst, p.data[:len(p.data)/2]...)
	if p.dies {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return append(dst, p.data[len(p.data)/2:]...), nil
}

// UnmarshalBinary dies in a worker, once, if the item is to die as it is received:
// a file says that it has not yet.
func (p *parcel) UnmarshalBinary(b []byte) error {
	if len(b) < 13 {
		return errors.New("a short parcel")
	}
	p.N, p.Salt, p.Fault = int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[8:]), b[12]
	p.data = append([]byte(nil), b[13:]...)
	if p.Fault != 0 && faults[p.Fault-1].name == "receiving" && process.IsWorker() && os.Remove(tokenFor(int(p.N))) == nil {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	return nil
}

// content is what a parcel of that number and salt holds.
func content(n int64, salt uint32) []byte {
	b := make([]byte, int(salt)%(3<<20))
	word := rand.New(rand.NewPCG(uint64(n), uint64(salt))).Uint64()
	for i := 0; i+8 <= len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], word+uint64(i))
	}
	return b
}

// carry sends a parcel back.
func carry(ctx context.Context, p parcel) (parcel, error) {
	p.dies = p.Fault != 0 && faults[p.Fault-1].name == "sending" && task.From(ctx).Number == 1
	return p, nil
}

// roomVar names the directory of tokens: files, each of which lets one process
// die where it can't know which attempt it is.
const roomVar = "PARFOR_CHAOS_ROOM"

func tokenFor(n int) string { return filepath.Join(os.Getenv(roomVar), fmt.Sprint("parcel-", n)) }

// dieOnce ends the process if a token of that name is left.
func dieOnce(name string) {
	left, _ := filepath.Glob(filepath.Join(os.Getenv(roomVar), name+"-*"))
	for _, token := range left {
		if os.Remove(token) == nil {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// begin is the initializer of workers: some die in it.
func begin(context.Context) error { dieOnce("start"); return nil }

// ending is closed when a worker ends in good order: some die in that.
var ending = parfor.PerWorker(
	func(context.Context) (int, error) { return 0, nil },
	func(int) error { dieOnce("end"); return nil })

// mortal is a body in a worker that may die at its end.
func mortal(ctx context.Context, n int) (int, error) {
	_, err := ending.Get(ctx)
	return 2 * n, err
}

var (
	_ = parfor.Register(byAdd)
	_ = parfor.Register(byGetSet)
	_ = parfor.Register(plainly)
	_ = parfor.Register(carry)
	_ = parfor.Register(mortal)
	_ = process.RegisterInit(begin)
)

// counting is how the tasks count.
var counting = map[string]func(context.Context, item) (int, error){"add": byAdd, "get-set": byGetSet}
