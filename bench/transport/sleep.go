//go:build unix

package main

import (
	"os"
	"sync/atomic"

	"parfor.dev/parfor/internal/meter"
)

// bell is how a side of a ring waits, and wakes the other: who is about to
// sleep says so in its word, looks again, then sleeps; who wakes it swaps the
// word back first, so that one sleep costs one call.
type bell struct {
	waker
	mine, theirs *atomic.Uint32 // 1: sleeps
	spin         int64          // nanoseconds to look before
	vain, skip   int            // as in process/spin.go: after a look in vain the next is left out, then two, four
}

// waker is one side's way to sleep and to wake the other, either with a call of
// the system; nil never sleeps.
type waker interface {
	sleep(mine *atomic.Uint32) // until woken, or a little shorter
	wake(theirs *atomic.Uint32)
	close()
}

func (b *bell) ring() {
	if b.waker != nil && b.theirs.Load() != 0 && b.theirs.Swap(0) != 0 {
		b.wake(b.theirs)
	}
}

func (b *bell) close() {
	if b.waker != nil {
		b.waker.close()
	}
}

// wait returns once ready.
func (b *bell) wait(ready func() bool) {
	if b.waker == nil {
		for !ready() {
		}
		return
	}
	if b.spin > 0 && b.look(ready) {
		return
	}
	for {
		b.mine.Store(1)
		if ready() {
			break
		}
		b.sleep(b.mine)
		if ready() {
			break
		}
	}
	b.mine.Store(0)
}

// look is what process/spin.go does.
func (b *bell) look(ready func() bool) bool {
	if b.skip > 0 {
		b.skip--
		return false
	}
	for end := meter.Now() + b.spin; meter.Now() <= end; {
		for range 32 {
			if ready() {
				b.vain = 0
				return true
			}
		}
	}
	b.vain = min(b.vain+1, 10)
	b.skip = 1<<b.vain - 1
	return false
}

// sleeper is a kind of waker; the zero one makes nil.
type sleeper struct {
	name   string
	files  int
	make   func() (ours waker, theirs []*os.File)
	theirs func(fd int) waker
}

func (s sleeper) open() (waker, []*os.File) {
	if s.make == nil {
		return nil, nil
	}
	return s.make()
}

func (s sleeper) inherit(fd int) waker {
	if s.theirs == nil {
		return nil
	}
	return s.theirs(fd)
}

func pipeSleepers() []sleeper {
	inherit := func(fd int) waker { return &pipeWaker{r: raw(fd), w: raw(fd + 1)} }
	return []sleeper{
		{"pipe", 2, func() (waker, []*os.File) {
			thereR, thereW, backR, backW := bellPipes()
			return &pipeWaker{r: backR, w: thereW}, []*os.File{file(thereR), file(backW)}
		}, inherit},
		{"bell", 2, func() (waker, []*os.File) {
			thereR, thereW, backR, backW := bellPipes()
			return newPoolWaker(backR, thereW), []*os.File{file(thereR), file(backW)}
		}, inherit},
	}
}

func bellPipes() (thereR, thereW, backR, backW raw) {
	thereR, thereW = rawPipe()
	backR, backW = rawPipe()
	return thereR, thereW, backR, backW
}

var oneByte = []byte{1}

// pipeWaker sleeps in read(2).
type pipeWaker struct{ r, w raw }

func (p *pipeWaker) sleep(*atomic.Uint32) {
	var b [64]byte
	_, err := p.r.Read(b[:])
	must(err)
}

func (p *pipeWaker) wake(*atomic.Uint32) {
	_, err := p.w.Write(oneByte)
	must(err)
}

func (p *pipeWaker) close() {
	must(p.r.Close())
	must(p.w.Close())
}

// poolWaker is how an owner in parfor's pool sleeps: on a channel, while another
// goroutine reads the worker's pipe.
type poolWaker struct {
	r, w   *os.File
	woken  chan struct{}
	closed chan struct{}
}

func newPoolWaker(r, w raw) *poolWaker {
	p := &poolWaker{r: polled(r).(*os.File), w: polled(w).(*os.File), woken: make(chan struct{}, 1), closed: make(chan struct{})}
	go p.listen()
	return p
}

func (p *poolWaker) listen() {
	defer close(p.closed)
	var b [64]byte
	for {
		if _, err := p.r.Read(b[:]); err != nil {
			return // closed
		}
		select {
		case p.woken <- struct{}{}:
		default:
		}
	}
}

func (p *poolWaker) sleep(*atomic.Uint32) { <-p.woken }

func (p *poolWaker) wake(*atomic.Uint32) {
	_, err := p.w.Write(oneByte)
	must(err)
}

func (p *poolWaker) close() {
	must(p.r.Close())
	must(p.w.Close())
	<-p.closed
}
