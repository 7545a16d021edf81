package executortest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// gate is where bodies report that they run, and wait to be let on, whichever
// process they are in: a loopback listener whose address travels in their
// input. An open connection is a body inside, so that the count is right even
// when a body's process is killed.
type gate struct {
	t        *testing.T
	listener net.Listener
	arrivals chan *visitor
	served   sync.WaitGroup

	mu    sync.Mutex
	open  bool // lets everybody on at once
	all   map[*visitor]bool
	most  int
	items []int // of all visits, in order of arrival
}

// visitor is a body at the gate.
type visitor struct {
	Item, PID int
	conn      net.Conn
}

func newGate(t *testing.T) *gate {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, listener: l, arrivals: make(chan *visitor, 4096), all: map[*visitor]bool{}}
	g.served.Go(g.accept)
	t.Cleanup(g.close)
	return g
}

// openGate lets everybody on and counts.
func openGate(t *testing.T) *gate {
	g := newGate(t)
	g.letAll()
	return g
}

func (g *gate) address() string { return g.listener.Addr().String() }

func (g *gate) close() {
	g.listener.Close()
	g.mu.Lock()
	for v := range g.all {
		v.conn.Close()
	}
	g.mu.Unlock()
	g.served.Wait()
}

func (g *gate) accept() {
	for {
		conn, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.served.Go(func() { g.serve(conn) })
	}
}

// serve is one visit: the body says who it is, gets a byte when it may go on,
// and closes its side when it leaves. The gate closes its own only then, and
// the body waits for that: it is counted out before it returns.
func (g *gate) serve(conn net.Conn) {
	defer conn.Close()
	var who [16]byte
	if _, err := io.ReadFull(conn, who[:]); err != nil {
		return
	}
	v := &visitor{Item: int(binary.LittleEndian.Uint64(who[:])), PID: int(binary.LittleEndian.Uint64(who[8:])), conn: conn}
	g.mu.Lock()
	g.all[v] = true
	g.most = max(g.most, len(g.all))
	g.items = append(g.items, v.Item)
	open := g.open
	g.mu.Unlock()
	g.arrivals <- v
	if open {
		v.let()
	}
	io.Copy(io.Discard, conn)
	g.mu.Lock()
	delete(g.all, v)
	g.mu.Unlock()
}

// next waits for a body to arrive.
func (g *gate) next() *visitor {
	g.t.Helper()
	select {
	case v := <-g.arrivals:
		return v
	case <-time.After(patience):
		g.t.Fatal("no body arrived at the gate")
		return nil
	}
}

// await waits for the body of one item, and drops the arrivals before it.
func (g *gate) await(item int) *visitor {
	g.t.Helper()
	for {
		if v := g.next(); v.Item == item {
			return v
		}
	}
}

// let has the body go on.
func (v *visitor) let() { v.conn.Write([]byte{1}) }

// letAll lets on whoever is there or will come.
func (g *gate) letAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
	for v := range g.all {
		v.let()
	}
}

// empty fails the test if a body is inside: it outlived its loop.
func (g *gate) empty(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for v := range g.all {
		t.Errorf("the body of item %d still runs after its loop returned", v.Item)
	}
}

// visits are the items of the bodies that came, in order of arrival.
func (g *gate) visits() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.items)
}

// mostInside is how many bodies were inside at once, at most.
func (g *gate) mostInside() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
}

// pass is the bodies' side: it enters the gate, waits to be let on or for the
// end of ctx, runs inside while it is counted, and leaves.
func pass(ctx context.Context, address string, item int, inside func(context.Context) error) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer func() {
		conn.SetReadDeadline(time.Time{})
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}()
	who := binary.LittleEndian.AppendUint64(nil, uint64(item))
	who = binary.LittleEndian.AppendUint64(who, uint64(os.Getpid()))
	if _, err := conn.Write(who); err != nil {
		return err
	}
	expired := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)); close(expired) })
	_, err = conn.Read(make([]byte, 1))
	if !unwatch() {
		<-expired
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	return inside(ctx)
}
