//go:build unix

package main

import (
	"context"
	"os"

	"parfor.dev/parfor/internal/registry"
	"parfor.dev/parfor/internal/shm"
)

const shmNonce = 1

func openShm() (link, []*os.File) {
	mem, err := shm.Create(1, shmNonce, shm.Identity{})
	must(err)
	return newPoolEnd(mem), []*os.File{again(mem.File())}
}

func inheritShm(fd int) link {
	mem, err := shm.Open(uintptr(fd), shmNonce)
	must(err)
	return newWorkerEnd(mem)
}

// poolEnd is the pool's side of parfor's rings, spinning. Positions go on from
// run to run. Nothing is counted that can't run out: the messages in flight are
// fewer than the places, and half of the bytes, of each ring.
type poolEnd struct {
	mem      *shm.Memory
	requests *shm.Requests
	results  *shm.Reader
	res      shm.Result
	pos      uint64
	arena    uint64
	unread   uint64
	buf      []byte
}

func newPoolEnd(mem *shm.Memory) *poolEnd {
	return &poolEnd{mem: mem, requests: mem.Requests(), results: mem.Reader(0)}
}

func (p *poolEnd) begin(size, batch int) {
	check(batch == 1)
	p.buf = make([]byte, size)
}

func (p *poolEnd) place() []byte { return p.buf }
func (p *poolEnd) publish(n int) { p.put(p.buf[:n], 0) }

// put sends a request, of which payload is the encoded item.
func (p *poolEnd) put(payload []byte, body uint32) {
	start, end := shm.Space(p.arena, len(payload))
	t := shm.Task{Index: int64(p.pos), Attempt: 1, Loop: 1, Body: body}
	must(p.requests.Put(p.pos, t, payload, nil, start, -1))
	p.arena = end
	p.pos++
}

// take reads a result, and gives back the room of those before once all that
// were there are read, as an owner does.
func (p *poolEnd) take() []byte {
	if p.unread == 0 {
		p.results.Release()
		for p.unread == 0 {
			p.unread = p.results.Unread()
		}
	}
	p.unread--
	ok, err := p.results.Next(&p.res)
	must(err)
	check(ok && !p.res.Failed)
	return p.res.Out
}

func (p *poolEnd) more() bool         { return p.unread > 0 }
func (p *poolEnd) serve(order) uint64 { panic("the other process serves") }

// workerEnd is a worker's side.
type workerEnd struct {
	mem     *shm.Memory
	queue   *shm.Queue
	results *shm.Writer
	pos     uint64
	body    uint32
	own     []byte
	placed  []byte // what place gave: a second look may find room where the first found none
}

func newWorkerEnd(mem *shm.Memory) *workerEnd {
	return &workerEnd{mem: mem, queue: mem.Queue(), results: mem.Writer(0)}
}

func (w *workerEnd) begin(size, batch int) { w.own = make([]byte, size) }

func (w *workerEnd) place() []byte {
	w.placed = w.own
	if b := w.results.Scratch(); cap(b) >= len(w.own) {
		w.placed = b[:len(w.own)]
	}
	return w.placed
}

func (w *workerEnd) publish(n int) { w.put(w.placed[:n]) }

func (w *workerEnd) put(out []byte) {
	must(w.results.Put(&shm.Result{Pos: w.pos, Out: out}, func() {}))
}

func (w *workerEnd) take() []byte {
	for {
		d, pos, ok := w.queue.Claim(0)
		if !ok {
			continue
		}
		in, _, err := w.queue.Payload(d)
		must(err)
		w.pos, w.body = pos, d.Body
		return in
	}
}

func (w *workerEnd) more() bool { return !w.queue.Idle() }

func (w *workerEnd) serve(o order) uint64 {
	if o.op == opTasks {
		return w.run(int(o.n))
	}
	return serveEnd(w, o)
}

// run does what a worker does with a task but for its books: it decodes, calls,
// and encodes.
func (w *workerEnd) run(n int) uint64 {
	ctx, bodies := context.Background(), registry.All()
	for range n {
		in := w.take()
		out, _, err := bodies[w.body].Run(ctx, in, w.results.Scratch())
		must(err)
		w.put(out)
	}
	return uint64(n)
}

func (p *poolEnd) close()   { must(p.mem.Close()) }
func (w *workerEnd) close() { must(w.mem.Close()) }
