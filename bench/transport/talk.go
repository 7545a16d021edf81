//go:build unix

package main

import "encoding/binary"

// end is one end of a way that carries messages, in batches.
type end interface {
	link
	begin(size, batch int) // both ends, before either talks
	place() []byte         // where to write the next batch; may block
	publish(n int)         // sends that many bytes of it
	take() []byte          // the messages that are there, at most a batch; blocks for the first
	more() bool            // take would not block
}

// inFlight is how many messages may be on their way where they are echoed.
const inFlight = 64

const lineSize = 64

// filler is what messages hold after their number.
var filler = func() []byte {
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = 1
	}
	return b
}()

// fill writes messages that are numbered from number on.
func fill(b []byte, size int, number int) {
	for at := 0; at < len(b); at += size {
		binary.LittleEndian.PutUint64(b[at:], uint64(number))
		copy(b[at+8:at+size], filler)
		number++
	}
}

// look reads a message's number, and a byte of each further cache line, as
// memory that nobody looked at would not have travelled.
func look(m []byte) (number uint64) {
	lines := 0
	for at := lineSize; at < len(m); at += lineSize {
		lines += int(m[at])
	}
	check(lines == (len(m)-1)/lineSize)
	return binary.LittleEndian.Uint64(m)
}

// talk has the other process serve a link, and returns this one's end.
func (p *peer) talk(name string, op uint64, size, batch, n int) end {
	l, at := p.link(name)
	e := l.(end)
	e.begin(size, batch)
	p.order(order{op: op, link: at, size: uint64(size), batch: uint64(batch), n: uint64(n)})
	return e
}

// echo sends n messages, of which that many may be on their way, and has them
// back.
func (p *peer) echo(name string, size, batch, n, inFlight int) {
	e := p.talk(name, opEcho, size, batch, n)
	for sent, got := 0, 0; got < n; {
		for sent < n {
			k := min(batch, n-sent)
			if sent-got+k > inFlight {
				break
			}
			fill(e.place()[:k*size], size, sent)
			e.publish(k * size)
			sent += k
		}
		for first := true; first || got < sent && e.more(); first = false {
			b := e.take()
			for at := 0; at < len(b); at += size {
				got++
				check(look(b[at:at+size]) == uint64(got))
			}
		}
	}
	check(p.answer() == uint64(n))
}

// stream sends n messages and waits until all are read.
func (p *peer) stream(name string, size, batch, n int) {
	e := p.talk(name, opDrain, size, batch, n)
	for sent := 0; sent < n; {
		k := min(batch, n-sent)
		fill(e.place()[:k*size], size, sent)
		e.publish(k * size)
		sent += k
	}
	check(p.answer() == uint64(n)*uint64(n-1)/2)
}

// tripper opens a tripWay.
func (p *peer) tripper(name string, n int) (trip func(int), done func()) {
	e := p.talk(name, opEcho, 8, 1, n)
	trip = func(i int) {
		binary.LittleEndian.PutUint64(e.place(), uint64(i))
		e.publish(8)
		check(binary.LittleEndian.Uint64(e.take()) == uint64(i)+1)
	}
	return trip, func() { check(p.answer() == uint64(n)) }
}

// serveEnd does an order in the other process.
func serveEnd(e end, o order) uint64 {
	size, n := int(o.size), int(o.n)
	e.begin(size, int(o.batch))
	if o.op == opDrain {
		return drain(e, size, n)
	}
	for got := 0; got < n; {
		b := e.take()
		out := e.place()[:len(b)]
		for at := 0; at < len(b); at += size {
			binary.LittleEndian.PutUint64(out[at:], binary.LittleEndian.Uint64(b[at:])+1)
			copy(out[at+8:at+size], b[at+8:at+size])
		}
		e.publish(len(b))
		got += len(b) / size
	}
	return o.n
}

func drain(e end, size, n int) (sum uint64) {
	for got := 0; got < n; {
		b := e.take()
		for at := 0; at < len(b); at += size {
			sum += look(b[at : at+size])
			got++
		}
	}
	return sum
}
