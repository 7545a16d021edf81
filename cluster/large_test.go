package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/cluster/internal/blob"
	"parfor.dev/parfor/cluster/internal/names"
	"parfor.dev/parfor/cluster/internal/post"
	"parfor.dev/parfor/cluster/internal/wire"
)

func large(_ context.Context, n int) ([]byte, error) { return pattern(n), nil }

func size(_ context.Context, b []byte) (int, error) {
	if !bytes.Equal(b, pattern(len(b))) {
		return 0, errors.New("the item is not what was sent")
	}
	return len(b), nil
}

// argSize is a body whose argument is large.
func argSize(ctx context.Context, _ int) (int, error) { return size(ctx, parfor.Arg[[]byte](ctx)) }

// refuses fails with an error that is too large for a message.
func refuses(_ context.Context, n int) (int, error) {
	return 0, errors.New("too long: " + strings.Repeat("x", n))
}

var (
	_ = parfor.Register(large)
	_ = parfor.Register(size)
	_ = parfor.Register(argSize)
	_ = parfor.Register(refuses)
)

// pattern is n bytes in which each piece differs from the others.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// What is too large for a message travels beside it, and nothing of it stays.
func TestLarge(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	serve(t, s.URL(), 1)
	slotsOf(t, x, 1)
	most := 64 << 20
	if testing.Short() {
		most = 12 << 20
	}
	out, err := parfor.Map(within(t), []int{most, 3, 9 << 20}, large, parfor.On(x))
	if err != nil || !bytes.Equal(out[0], pattern(most)) || !bytes.Equal(out[1], pattern(3)) || !bytes.Equal(out[2], pattern(9<<20)) {
		t.Errorf("results: %v", err)
	}
	sizes, err := parfor.Map(within(t), [][]byte{pattern(1), pattern(most), pattern(9 << 20)}, size, parfor.On(x))
	if err != nil || !slices.Equal(sizes, []int{1, most, 9 << 20}) {
		t.Errorf("items: %v, %v", sizes, err)
	}
	sizes, err = parfor.Map(within(t), parfor.Range(2), argSize, parfor.On(x), parfor.With(pattern(most)))
	if err != nil || !slices.Equal(sizes, []int{most, most}) {
		t.Errorf("an argument: %v, %v", sizes, err)
	}
	if _, err = parfor.Map(within(t), []int{10 << 20}, refuses, parfor.On(x)); err == nil || len(err.Error()) < 1000 || !strings.Contains(err.Error(), "too long: xxx") {
		t.Errorf("an error: %.200v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, s.URL())
}

// Large items that run again are there again: after an attempt, and after the
// death of an agent.
func TestLargeAgain(t *testing.T) {
	s := serverAt(t, embed.MaxPayload(64<<10))
	x := connected(t, s.URL())
	victim := agentProcess(t, s.URL(), 1)
	slotsOf(t, x, 1)
	items := make([][]byte, 30)
	for i := range items {
		items[i] = pattern(100_000 + i)
	}
	n := 0
	for r, err := range parfor.Stream(within(t), slices.Values(items), sizeNap, parfor.On(x), parfor.Attempts(5)) {
		if err != nil || r.Out != len(r.In) {
			t.Fatalf("item %d: %d, %v", r.Index, r.Out, err)
		}
		if n++; n == 5 {
			agentProcess(t, s.URL(), 2)
			kill(t, victim)
		}
	}
	if n != len(items) {
		t.Errorf("%d results", n)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	empty(t, s.URL())
}

// sizeNap fails the first time that its process has the item, and takes a while.
func sizeNap(ctx context.Context, b []byte) (int, error) {
	if _, before := seen.LoadOrStore(len(b), true); !before && len(b)%3 == 0 {
		return 0, errors.New("not yet")
	}
	if _, err := nap(ctx, 0); err != nil {
		return 0, err
	}
	return size(ctx, b)
}

var (
	seen sync.Map
	_    = parfor.Register(sizeNap)
)

// The switch is exact: what travels in a message fits, headers counted, and what
// doesn't would not have fitted, by a byte.
func TestLargeExactly(t *testing.T) {
	const most = 64 << 10
	s := serverAt(t, embed.MaxPayload(most))
	x := connected(t, s.URL())
	serve(t, s.URL(), 1)
	slotsOf(t, x, 1)
	nc, _ := beside(t, s.URL())
	defer nc.Close()
	taken := make(chan *nats.Msg, 1000)
	for _, subject := range []string{"pf.default.t.>", "pf.default.r.>"} {
		spy, err := nc.ChanSubscribe(subject, taken)
		if err != nil {
			t.Fatal(err)
		}
		defer spy.Unsubscribe()
	}
	nc.Flush()
	items := make([][]byte, 0, 80)
	lengths := make([]int, 0, 250)
	for n := most - 100; n < most-20; n++ {
		items = append(items, pattern(n))
	}
	for n := most - 250; n < most-50; n++ {
		lengths = append(lengths, n)
	}
	if out, err := parfor.Map(within(t), items, size, parfor.On(x), parfor.Chunk(1)); err != nil || out[0] != most-100 {
		t.Fatal(err)
	}
	out, err := parfor.Map(within(t), lengths, large, parfor.On(x), parfor.Chunk(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range out {
		if !bytes.Equal(b, pattern(lengths[i])) {
			t.Errorf("the result of %d bytes is another", lengths[i])
		}
	}
	nc.Flush()
	space := names.Space("default")
	for _, kind := range []string{"t", "r"} {
		var sizes []int // that messages have, or would have
		for range len(taken) {
			m := <-taken
			if !strings.HasPrefix(m.Subject, "pf.default."+kind+".") {
				taken <- m
				continue
			}
			n, away := undivided(t, space, m)
			if n > most != away {
				t.Errorf("%s: %d bytes, of %d, and elsewhere: %v", m.Subject, n, most, away)
			}
			sizes = append(sizes, n)
		}
		near := func(n int) bool { // results have times in them, of one length or another
			return slices.Contains(sizes, n) || kind == "r" && (slices.Contains(sizes, n-1) || slices.Contains(sizes, n+1))
		}
		for _, n := range []int{most - 1, most, most + 1} {
			if !near(n) {
				t.Errorf("%s: none has %d bytes: %v", kind, n, sizes)
			}
		}
	}
}

// undivided is how large a message of one item or result is, if all of it is in it.
func undivided(t *testing.T, space names.Space, m *nats.Msg) (n int, away bool) {
	t.Helper()
	var b []byte
	extra := 0
	if _, _, ok := space.ChunkAt(m.Subject); ok {
		c, err := wire.DecodeChunk(m.Data)
		if err != nil || len(c.Items) != 1 {
			t.Fatal(err, len(c.Items))
		}
		it := c.Items[0]
		b, away = it.Bytes, it.Away
		ref, _ := blob.Parse(b)
		whole, short := it, it
		whole.Away = false
		extra = len(wire.AppendItemHead(nil, &whole, ref.Size)) + ref.Size - len(wire.AppendItemHead(nil, &short, len(b))) - len(b)
	} else {
		p, err := wire.DecodePart(m.Data)
		if err != nil || len(p.Proposals) != 1 {
			return 0, false // more than one small result
		}
		b, away = p.Proposals[0].Bytes, p.Proposals[0].Away
		ref, _ := blob.Parse(b)
		extra = wire.LengthSize(ref.Size) + ref.Size - wire.LengthSize(len(b)) - len(b)
	}
	if !away {
		extra = 0
	}
	return post.Size(m) + extra, away
}

// An object that is gone fails its item, which the error names, and no other.
func TestLargeIsLost(t *testing.T) {
	s := serverAt(t, embed.MaxPayload(64<<10))
	x := connected(t, s.URL())
	nc, js := beside(t, s.URL())
	defer nc.Close()
	ctx := within(t)
	futures := make([]*parfor.Future[[]byte, int], 2)
	for i, n := range []int{70_000, 70} { // the first is sent, as no agent is there
		futures[i] = parfor.Submit(ctx, x, size, pattern(n))
	}
	until(t, func() bool {
		s, err := js.Stream(ctx, "PF_default_T")
		return err == nil && s.CachedInfo().State.Msgs == 1
	})
	pieces, err := js.Stream(ctx, "PF_default_B")
	if err == nil {
		err = pieces.Purge(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s.URL(), 1)
	if _, err := futures[0].Result(ctx); !errors.Is(err, cluster.ErrLost) || !strings.Contains(err.Error(), "item 0") {
		t.Errorf("the item: %v", err)
	}
	if n, err := futures[1].Result(ctx); n != 70 || err != nil {
		t.Errorf("the other item: %d, %v", n, err)
	}
}

// A result that refers to nothing.
func TestLargeResultIsLost(t *testing.T) {
	s := serverAt(t)
	x := connected(t, s.URL())
	nc, _ := beside(t, s.URL())
	defer nc.Close()
	ctx := within(t)
	forged := make(chan error, 1)
	spy, err := nc.Subscribe("pf.default.t.>", func(m *nats.Msg) {
		f := strings.Split(m.Subject, ".")
		p := &wire.Proposal{Index: 0, Kind: wire.OK, Away: true, Bytes: blob.Ref{Name: "r0-x", Size: 10, Pieces: 1}.Append(nil)}
		_, err := nc.Request(fmt.Sprintf("pf.default.r.%s.%s.0.0", f[4], f[5]), wire.AppendProposal(wire.AppendPartHead(nil, "forger", 1), p), time.Second)
		forged <- err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer spy.Unsubscribe()
	nc.Flush()
	f := parfor.Submit(ctx, x, square, 5)
	if err := <-forged; err != nil {
		t.Fatal(err)
	}
	if _, err := f.Result(ctx); !errors.Is(err, cluster.ErrLost) || !strings.Contains(err.Error(), "the result of item 0") {
		t.Errorf("got %v", err)
	}
}

// until waits for what another goroutine or process does.
func until(t *testing.T, is func() bool) {
	t.Helper()
	ctx := within(t)
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatal("it never came")
		case <-time.After(time.Millisecond):
		}
	}
}

// While there is no room for a large item its loop waits, can be cancelled
// meanwhile, and goes on when there is.
func TestLargeWaitsForRoom(t *testing.T) {
	s := serverAt(t, embed.MaxPayload(64<<10))
	nc, js := beside(t, s.URL())
	defer nc.Close()
	small := jetstream.StreamConfig{Name: "PF_default_B", Subjects: []string{"pf.default.b.>"}, MaxBytes: 1000, Discard: jetstream.DiscardNew, AllowDirect: true}
	if _, err := js.CreateStream(within(t), small); err != nil {
		t.Fatal(err)
	}
	x := connected(t, s.URL())
	serve(t, s.URL(), 1)
	slotsOf(t, x, 1)
	mind := errors.New("changed my mind")
	ctx, cancel := context.WithTimeoutCause(within(t), 200*time.Millisecond, mind)
	defer cancel()
	began := time.Now()
	if _, err := parfor.Map(ctx, [][]byte{pattern(70_000)}, size, parfor.On(x)); !errors.Is(err, mind) {
		t.Errorf("cancelled: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v to cancel", took)
	}
	f := parfor.Submit(within(t), x, size, pattern(70_000))
	small.MaxBytes = 10 << 20
	if _, err := js.UpdateStream(within(t), small); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Result(within(t)); n != 70_000 || err != nil {
		t.Errorf("when there was room: %d, %v", n, err)
	}
	x.Close()
	empty(t, s.URL())
}
