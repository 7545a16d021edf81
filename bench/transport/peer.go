//go:build unix

package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// peerMark in the environment makes this program the other process. Its value
// is how many nanoseconds to spin.
const peerMark = "BENCH_TRANSPORT_SPIN"

// order is what the program asks of the other process.
type order struct {
	op    uint64
	link  uint64 // in links()
	size  uint64 // bytes of a message
	batch uint64 // messages a call
	n     uint64 // messages
}

const (
	opEcho  = iota // send each message back, its number plus one
	opDrain        // read messages; the answer is the sum of their numbers
	opTasks        // run a body for each request
	opTake         // read a payload; the answer is how many pages it had
	opGive         // write a payload
)

const orderSize = 5 * 8

// Descriptors of the other process, after the standard three; those of the
// links follow.
const (
	ordersFD  = 3
	answersFD = 4
	linksFD   = 5
)

// peer is the other process, seen from the program.
type peer struct {
	cmd     *exec.Cmd
	orders  raw
	answers raw
	links   []link
	exited  chan struct{}
	ending  chan struct{}
}

func startPeer() *peer {
	path, err := os.Executable()
	must(err)
	p := &peer{cmd: exec.Command(path), exited: make(chan struct{}), ending: make(chan struct{})}
	ordersR, ordersW := rawPipe()
	answersR, answersW := rawPipe()
	p.orders, p.answers = ordersW, answersR
	p.cmd.ExtraFiles = []*os.File{file(ordersR), file(answersW)}
	for _, k := range links(*spin) {
		l, theirs := k.open()
		p.links = append(p.links, l)
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, theirs...)
	}
	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(os.Environ(), peerMark+"="+strconv.FormatInt(int64(*spin), 10))
	must(p.cmd.Start())
	for _, f := range p.cmd.ExtraFiles {
		f.Close()
	}
	go p.watch()
	return p
}

// watch ends the program if the other process dies, as somebody may be spinning
// for its answer.
func (p *peer) watch() {
	defer close(p.exited)
	err := p.cmd.Wait()
	select {
	case <-p.ending:
		must(err)
	default:
		fmt.Fprintf(os.Stderr, "transport: the other process ended: %v\n", p.cmd.ProcessState)
		os.Exit(1)
	}
}

// end waits for the other process, which ends when its orders do.
func (p *peer) end() {
	close(p.ending)
	p.orders.Close()
	<-p.exited
	p.answers.Close()
	for _, l := range p.links {
		l.close()
	}
}

// link is the program's end of the way of that name.
func (p *peer) link(name string) (l link, at uint64) {
	for i, k := range links(*spin) {
		if k.name == name {
			return p.links[i], uint64(i)
		}
	}
	panic("no link " + name)
}

// order sends an order.
func (p *peer) order(o order) {
	b := make([]byte, 0, orderSize)
	for _, v := range []uint64{o.op, o.link, o.size, o.batch, o.n} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	_, err := p.orders.Write(b)
	must(err)
}

// answer waits until the other process has done what it was ordered to.
func (p *peer) answer() uint64 {
	var b [8]byte
	_, err := p.answers.Read(b[:])
	must(err)
	return binary.LittleEndian.Uint64(b[:])
}

// servePeer is the other process. Orders are read on a goroutine of their own,
// and their end ends the process, whatever it is doing.
func servePeer() {
	spin, err := strconv.ParseInt(os.Getenv(peerMark), 10, 64)
	must(err)
	fd := linksFD
	var ends []link
	for _, k := range links(time.Duration(spin)) {
		ends = append(ends, k.inherit(fd))
		fd += k.files
	}
	orders := make(chan order)
	go func() {
		for {
			var b [orderSize]byte
			if n, err := raw(ordersFD).Read(b[:]); err != nil || n < orderSize {
				os.Exit(0)
			}
			v := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
			orders <- order{v(0), v(1), v(2), v(3), v(4)}
		}
	}()
	for o := range orders {
		sum := ends[o.link].serve(o)
		_, err := raw(answersFD).Write(binary.LittleEndian.AppendUint64(nil, sum))
		must(err)
	}
}
