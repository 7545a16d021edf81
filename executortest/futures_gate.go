package executortest

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"parfor.dev/parfor"
)

// turnstile holds bodies until the test lets them go, in whichever process they
// run: a body dials in, says which one it is, and waits for an answer.
type turnstile struct {
	t        *testing.T
	listener net.Listener

	mu      sync.Mutex
	changed *sync.Cond
	waiting map[int64]net.Conn
}

// Answers of a gate.
const (
	letPass byte = 'p'
	letFail byte = 'f'
)

// turn is the input of a held body.
type turn struct {
	Addr string
	ID   int64
}

var errTurned = errors.New("told to fail")

var _ = parfor.Register(turned)

// turned returns its id when the gate passes it.
func turned(ctx context.Context, in turn) (int64, error) {
	conn, err := net.Dial("tcp", in.Addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := binary.Write(conn, binary.LittleEndian, in.ID); err != nil {
		return 0, err
	}
	var answer [1]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, err
	}
	if answer[0] == letFail {
		return 0, errTurned
	}
	return in.ID, nil
}

func newTurnstile(t *testing.T) *turnstile {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &turnstile{t: t, listener: l, waiting: map[int64]net.Conn{}}
	g.changed = sync.NewCond(&g.mu)
	var done sync.WaitGroup
	done.Go(g.accept)
	t.Cleanup(func() {
		l.Close()
		done.Wait()
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, c := range g.waiting {
			c.Close()
		}
	})
	return g
}

func (g *turnstile) accept() {
	for {
		conn, err := g.listener.Accept()
		if err != nil {
			return
		}
		var id int64
		if err := binary.Read(conn, binary.LittleEndian, &id); err != nil {
			conn.Close()
			continue
		}
		g.mu.Lock()
		g.waiting[id] = conn
		g.changed.Broadcast()
		g.mu.Unlock()
	}
}

// arrived blocks until the body runs and waits at the gate.
func (g *turnstile) arrived(id int) net.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.waiting[int64(id)] == nil {
		g.changed.Wait()
	}
	return g.waiting[int64(id)]
}

// answer lets a body go, once it has arrived.
func (g *turnstile) answer(id int, with byte) {
	conn := g.arrived(id)
	g.mu.Lock()
	delete(g.waiting, int64(id))
	g.mu.Unlock()
	conn.Write([]byte{with})
	conn.Close()
}

// submit submits a body that waits at the gate.
func (g *turnstile) submit(ctx context.Context, x parfor.Executor, id int, opts ...parfor.Option) *parfor.Future[turn, int64] {
	return parfor.Submit(ctx, x, turned, turn{g.listener.Addr().String(), int64(id)}, opts...)
}
