//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"time"

	"parfor.dev/parfor"
)

// closeDescriptors closes what its worker lives on.
func closeDescriptors(context.Context, *item) error {
	for fd := range 10 {
		syscall.Close(fd)
	}
	select {}
}

// badFrames writes what is no frame to the pipes between worker and pool, at both
// ends of them as far as they are open for that.
func badFrames(_ context.Context, it *item) error {
	b := garbage(it.Salt, 1+int(it.Salt)%5000)
	for fd := 3; fd <= 5; fd++ {
		syscall.Write(fd, b)
	}
	time.Sleep(notice)
	return nil
}

// notice is how long a vandal stays, so that what the pool does at once hits its
// own item and not the next one.
const notice = 50 * time.Millisecond

// scribble overwrites a part of the memory that the worker shares with its pool,
// through its mapping or its descriptor.
func scribble(_ context.Context, it *item) error {
	lo, hi, err := sharedMapping()
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(uint64(it.Salt), 9))
	at, n := somewhere(rng, int(hi-lo))
	b := pattern(rng, it.Salt, n)
	defer time.Sleep(notice)
	if rng.IntN(2) == 0 {
		_, err = syscall.Pwrite(6, b, int64(at))
		return err
	}
	mem, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	_, err = mem.WriteAt(b, int64(lo)+int64(at))
	return err
}

// sharedMapping finds the memory among the process's mappings.
func sharedMapping() (lo, hi uint64, err error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "memfd:parfor (") || strings.Contains(line, "memfd:parfor\n") {
			_, err = fmt.Sscanf(line, "%x-%x", &lo, &hi)
			return lo, hi, err
		}
	}
	return 0, 0, errors.New("no shared memory is mapped")
}

// somewhere chooses a stretch: everything, one of the rooms that the layout of
// package shm has, or anything.
func somewhere(rng *rand.Rand, size int) (at, n int) {
	const page, ring, arena = 4096, 4096 * 64, 1 << 20
	status := page + page
	rooms := [][2]int{{0, size}, {0, page}, {page, page}, {status, ring}, {status + ring, arena}, {status + ring + arena, size - status - ring - arena}}
	if i := rng.IntN(len(rooms) + 2); i < len(rooms) {
		return rooms[i][0], rooms[i][1]
	}
	at = rng.IntN(size - 8)
	return at, 1 + rng.IntN(min(size-at, 1<<rng.IntN(20)))
}

func pattern(rng *rand.Rand, salt uint32, n int) []byte {
	switch rng.IntN(4) {
	case 0:
		return make([]byte, n)
	case 1:
		return bytes.Repeat([]byte{0xff}, n)
	case 2: // small numbers, which pass for lengths and positions
		var b []byte
		for len(b) < n {
			b = binary.LittleEndian.AppendUint64(b, uint64(rng.IntN(4096)))
		}
		return b[:n]
	}
	return garbage(salt, n)
}

func garbage(salt uint32, n int) []byte {
	rng := rand.NewChaCha8([32]byte{byte(salt), byte(salt >> 8), byte(salt >> 16), byte(salt >> 24)})
	b := make([]byte, n)
	rng.Read(b)
	return b
}

// cutOff wants an error that says that the worker lost its pipes.
func cutOff(err error, _ *item) error {
	var w *parfor.WorkerError
	if !errors.As(err, &w) || w.PeakRSS == 0 || !strings.Contains(w.Error(), "pipe") {
		return fmt.Errorf("want a worker without its pipes, got %w", orNil(err))
	}
	return nil
}

// vandalised wants that the damage was noticed and named, or did none: a body
// that overwrites what nobody reads any more succeeds.
func vandalised(err error, _ *item) error {
	var w *parfor.WorkerError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &w) || w.PeakRSS == 0:
	case w.Cause == parfor.FatalError || w.ExitCode == 98: // its pool's verdict, or its own
		return nil
	}
	return fmt.Errorf("want success or a worker that broke what it shares, got %w", err)
}
