package writeset_test

import (
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

var (
	one = dict.New[int, int]("one")
	two = dict.New[int, int]("two")
)

func encoded(t *testing.T, f func(ctx context.Context)) []byte {
	t.Helper()
	c := &task.Ctx{Context: context.Background()}
	f(c)
	b, err := c.Seal().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRefusesSetsNoBodyMakes gives the owner damaged sets. One that names a
// dictionary twice would otherwise wait for a lock it holds.
func TestRefusesSetsNoBodyMakes(t *testing.T) {
	defer writeset.Fresh()()
	a := encoded(t, func(ctx context.Context) { one.Set(ctx, 1, 1) })
	part := a[2:]
	both := encoded(t, func(ctx context.Context) { one.Set(ctx, 1, 1); two.Add(ctx, 1, 1) })
	first, second := both[2:2+len(part)], both[2+len(part):]
	unknown := append([]byte{2, 1}, make([]byte, 8)...)
	anonymous := append([]byte{2, 1}, 1, 0, 0, 0, 0, 0, 0x50, 0x80)
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"other version":     {append([]byte{9}, a[1:]...), "version"},
		"twice":             {concat([]byte{2, 2}, part, part), "out of order"},
		"out of order":      {concat([]byte{2, 2}, second, first), "out of order"},
		"too many parts":    {concat([]byte{2, 100}, part), "ends early"},
		"bytes after":       {concat(a, []byte{0}), "after its end"},
		"truncated":         {a[:len(a)-1], "ends early|more operations"},
		"unknown":           {unknown, "unknown dictionary"},
		"unknown anonymous": {anonymous, "closed"},
		"flags":             {concat(a[:10], []byte{128}, a[11:]), "flags"},
		"operation":         {concat(a[:12], []byte{99}, a[13:]), "operation"},
		"operations":        {concat(a[:11], []byte{50}, a[12:]), "ends early|more operations"},
	} {
		before := writeset.Last()
		_, err := writeset.CommitEncoded(c.b, task.Ticket{})
		ok := false
		for s := range strings.SplitSeq(c.says, "|") {
			ok = ok || err != nil && strings.Contains(err.Error(), s)
		}
		if !ok || writeset.Last() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := writeset.CommitEncoded(nil, task.Ticket{}); n != 0 || err != nil {
		t.Errorf("an empty set: %d, %v", n, err)
	}
	n, err := writeset.CommitEncoded(both, task.Ticket{})
	if err != nil || n != writeset.Last() {
		t.Errorf("a good set: %d, %v", n, err)
	}
	if v, _, _ := two.Get(context.Background(), 1); v != 1 {
		t.Errorf("it added %d", v)
	}
}

func concat(bs ...[]byte) (out []byte) {
	for _, b := range bs {
		out = append(out, b...)
	}
	return out
}

func TestFailKeepsTheFirstError(t *testing.T) {
	first := errors.New("first")
	s := writeset.Of(writeset.New(nil))
	s.Fail(first)
	s.Fail(errors.New("second"))
	if _, err := s.Commit(task.Ticket{}); err != first {
		t.Errorf("Commit: %v", err)
	}
	if _, err := s.Append(nil); err != first {
		t.Errorf("Append: %v", err)
	}
	if err := s.MergeInto(&task.Attempt{}); err != first {
		t.Errorf("MergeInto: %v", err)
	}
}

func TestReaderStopsAtTheEnd(t *testing.T) {
	r := writeset.Read(binary.AppendUvarint([]byte{7, 1, 2}, 300))
	if r.Byte() != 7 || r.Uint16() != 0x0201 || r.Uvarint() != 300 || r.Err() != nil {
		t.Fatal("it reads something else")
	}
	if r.Byte() != 0 || r.Err() == nil || r.Uint64() != 0 || r.Uint32() != 0 || r.Take(1<<63) != nil {
		t.Fatal("it reads past the end")
	}
}

// TestAnonymousDictionariesGo makes handles that travelled, and lets go of them
// after their context ended.
func TestAnonymousDictionariesGo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	handle := func() []byte {
		d, err := dict.Make[int, int](ctx)
		if err != nil {
			t.Fatal(err)
		}
		d.Set(ctx, 1, 1)
		b, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}()
	id := binary.LittleEndian.Uint64(handle[1:])
	runtime.GC()
	if _, err := writeset.Find(id); err != nil {
		t.Fatalf("collected while its context lives: %v", err)
	}
	cancel()
	for range 100 {
		runtime.GC()
		if _, err := writeset.Find(id); err != nil {
			return
		}
	}
	t.Error("not collected after its context ended")
}

// TestStringsOfOneReader are each their own, wherever they lie.
func TestStringsOfOneReader(t *testing.T) {
	var in []byte
	var want []string
	for i := range 400 {
		s := strings.Repeat(string(rune('a'+i%26)), i%200)
		in, want = append(in, s...), append(want, s)
	}
	r := writeset.Read(in)
	var got []string
	for _, s := range want {
		got = append(got, r.String(uint64(len(s))))
	}
	clear(in)
	if !slices.Equal(got, want) || r.Err() != nil {
		t.Errorf("%q, %v", got, r.Err())
	}
	if s := r.String(1); s != "" || r.Err() == nil {
		t.Errorf("past the end: %q, %v", s, r.Err())
	}
}

// Who ran for a program that is gone commits what it wrote without a look, and
// nothing that it might have written otherwise.
func TestLate(t *testing.T) {
	defer writeset.Fresh()()
	late := task.Ticket{Late: true}
	blind := encoded(t, func(ctx context.Context) { one.Add(ctx, 1, 1) })
	if _, err := writeset.CommitEncoded(blind, late); err != nil {
		t.Error(err)
	}
	read := encoded(t, func(ctx context.Context) {
		if v, _, err := one.Get(ctx, 1); v != 1 || err != nil {
			t.Error(v, err)
		}
		one.Set(ctx, 1, 5)
	})
	if _, err := writeset.CommitEncoded(read, late); !errors.Is(err, task.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if v, _, err := one.Get(context.Background(), 1); v != 1 || err != nil {
		t.Errorf("now %d, %v", v, err)
	}
	if n, err := writeset.CommitEncoded(read, task.Ticket{}); n == 0 || err != nil {
		t.Errorf("commit %d, %v", n, err)
	}
}
