//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"text/tabwriter"

	"parfor.dev/parfor"
	"parfor.dev/parfor/bench/paired"
)

const (
	payload = 64 << 20
	page    = 4096
)

// copied is what others are compared with: the least that somebody else's bytes
// cost who wants them to be his own.
const copied = "one copy to fresh memory"

// touched looks at each page, as a body that reads its item would.
func touched(b []byte) (pages int) {
	for i := 0; i < len(b); i += page {
		pages += int(b[i])
	}
	return pages
}

// prepared is the payload of this process, made before anything is timed.
var prepared = sync.OnceValue(func() []byte {
	b := make([]byte, payload)
	for i := range b {
		b[i] = 1
	}
	return b
})

func measure(_ context.Context, b []byte) (int, error) { return touched(b), nil }
func produce(_ context.Context, _ int) ([]byte, error) { return prepared(), nil }

var (
	_ = parfor.Register(measure)
	_ = parfor.Register(produce)
)

// payloads times one large item, then one large result. The sender's bytes are
// there before, the receiver looks at each page.
func (b *bench) payloads() {
	b.measurePayload("64 MiB to the other process", b.give, b.share, func(ctx context.Context) {
		n, err := parfor.Submit(ctx, b.pool, measure, prepared()).Result(ctx)
		must(err)
		check(n == payload/page)
	})
	b.measurePayload("64 MiB from the other process", b.get, b.unshare, func(ctx context.Context) {
		got, err := parfor.Submit(ctx, b.pool, produce, 0).Result(ctx)
		must(err)
		check(touched(got) == payload/page)
	})
}

func (b *bench) measurePayload(title string, stream func(name string), share func(sharing), submit func(context.Context)) {
	ways := []paired.Way{{Name: copied, N: 1, Run: func() { check(touched(slices.Clone(prepared())) == payload/page) }}}
	for _, k := range streamKinds() {
		ways = append(ways, paired.Way{Name: k.name, N: 1, Run: func() { stream(k.name) }})
	}
	for _, how := range sharings {
		ways = append(ways, paired.Way{Name: how.name, N: 1, Run: func() { share(how) }})
	}
	ways = append(ways, paired.Way{Name: "parfor.Submit and Result", N: 1, Run: func() { submit(context.Background()) }})
	ways = slices.DeleteFunc(ways, func(w paired.Way) bool { return w.Name != copied && !b.wanted.MatchString(w.Name) })
	t := paired.Measure(ways, *rounds, *seed)
	fmt.Printf("\n%s, each page looked at (%d rounds)\n", title, *rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "way\tms\tmin\tmax\tGB/s\t× one copy\t95 %%\t\n")
	for i, way := range ways {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", way.Name, spread(t.Nanos[i], 1e6), digits(payload/paired.Median(t.Nanos[i])), ratio(t, i, t.Find(copied)))
	}
	must(w.Flush())
}

// give sends a payload over a stream, get has one sent.
func (b *bench) give(name string) {
	l, at := b.peer.link(name)
	b.peer.order(order{op: opTake, link: at, n: payload})
	l.(*stream).send(prepared())
	check(b.peer.answer() == payload/page)
}

func (b *bench) get(name string) {
	l, at := b.peer.link(name)
	b.peer.order(order{op: opGive, link: at, n: payload})
	check(touched(l.(*stream).receive(payload)) == payload/page)
	check(b.peer.answer() == payload)
}

// sharing is how a payload goes through a file in memory: written with pwrite,
// mapped by the reader.
type sharing struct {
	name  string
	own   bool // the reader copies it, and then has bytes that nobody else writes
	fresh bool // the file has no pages before
}

var sharings = []sharing{
	{"shared file, looked at where it is", false, false},
	{"shared file, copied out", true, false},
	{"shared file, copied out, new pages", true, true},
}

func (b *bench) share(how sharing) {
	l, at := b.peer.link(sharedFile)
	f := l.(*shared)
	if how.fresh {
		f.empty()
	}
	f.send(prepared())
	b.peer.order(order{op: opTake, link: at, batch: copies(how.own), n: payload})
	check(b.peer.answer() == payload/page)
}

func (b *bench) unshare(how sharing) {
	l, at := b.peer.link(sharedFile)
	f := l.(*shared)
	if how.fresh {
		f.empty()
	}
	b.peer.order(order{op: opGive, link: at, n: payload})
	check(b.peer.answer() == payload)
	f.receive(payload, how.own, func(b []byte) { check(touched(b) == payload/page) })
}

func copies(own bool) uint64 {
	if own {
		return 1
	}
	return 0
}

// shared is a file of which nothing is mapped but a payload while it is read.
type shared struct{ f *os.File }

func openShared() (link, []*os.File) {
	f := newMemory(0)
	return &shared{f}, []*os.File{again(f)}
}

func inheritShared(fd int) link { return &shared{file(raw(fd))} }

// empty gives the pages back.
func (s *shared) empty() { must(s.f.Truncate(0)) }

func (s *shared) send(b []byte) {
	_, err := s.f.WriteAt(b, 0)
	must(err)
}

func (s *shared) receive(n int, own bool, read func([]byte)) {
	b, err := syscall.Mmap(int(s.f.Fd()), 0, n, syscall.PROT_READ, syscall.MAP_SHARED)
	must(err)
	populate(b)
	if own {
		read(slices.Clone(b))
	} else {
		read(b)
	}
	must(syscall.Munmap(b))
}

func (s *shared) serve(o order) (pages uint64) {
	if o.op == opGive {
		s.send(prepared())
		return o.n
	}
	s.receive(int(o.n), o.batch == 1, func(b []byte) { pages = uint64(touched(b)) })
	return pages
}

func (s *shared) close() { must(s.f.Close()) }
