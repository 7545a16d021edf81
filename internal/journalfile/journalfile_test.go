package journalfile

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var loop = Header{Name: "main.post", Version: "1", In: "int", Out: "int", Codec: "raw", Build: "b1"}

func item(i int) *Done {
	return &Done{Key: KeyOf(fmt.Append(nil, i)), Attempts: uint32(i%3 + 1), Commit: uint64(i) * 7,
		Result: fmt.Appendf(nil, "result %d", i), Writes: fmt.Appendf(nil, "writes %d", i)}
}

func open(t *testing.T, path string, o Options) *Writer {
	t.Helper()
	w, err := Open(path, loop, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func add(t *testing.T, w *Writer, d *Done) Pos {
	t.Helper()
	pos, err := w.AppendDone(d)
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

// held are the records of a file, each as a text.
func held(t *testing.T, path string) []string {
	t.Helper()
	var all []string
	for rec, err := range records(t, path) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, shown(rec))
	}
	return all
}

func records(t *testing.T, path string) iter.Seq2[*Record, error] {
	t.Helper()
	r, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r.Records()
}

func shown(r *Record) string {
	switch r.Kind {
	case KindBase:
		return fmt.Sprintf("base %q %v", r.Base.Data, r.Base.Last)
	case KindEnd:
		return "end"
	}
	return shownDone(&r.Done)
}

func shownDone(d *Done) string {
	return fmt.Sprintf("%v %d %d %q %q", d.Key, d.Attempts, d.Commit, d.Result, d.Writes)
}

func filed(t *testing.T) string { return filepath.Join(t.TempDir(), "j") }

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, how := range []Sync{SyncDefault, SyncNever, SyncAlways, SyncInterval(time.Millisecond)} {
		path := filed(t)
		w := open(t, path, Options{Sync: how})
		if !w.Found().Fresh || w.Found().Header.Created.IsZero() {
			t.Errorf("%+v", w.Found())
		}
		var want []string
		for _, b := range []Base{{[]byte("a"), false}, {nil, true}} {
			if _, err := w.AppendBase(&b); err != nil {
				t.Fatal(err)
			}
			want = append(want, shown(&Record{Kind: KindBase, Base: b}))
		}
		for i := range 1000 {
			pos := add(t, w, item(i))
			want = append(want, shownDone(item(i)))
			if i%100 == 0 {
				if err := w.Wait(pos); err != nil {
					t.Fatal(err)
				}
				if got := held(t, path); !slices.Equal(got, want) {
					t.Fatalf("after Wait there are %d records, not %d", len(got), len(want))
				}
			}
		}
		if _, err := w.AppendEnd(); err != nil {
			t.Fatal(err)
		}
		want = append(want, "end")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var replayed []string
		w = open(t, path, Options{Sync: how, Replay: func(r *Record) error {
			replayed = append(replayed, shown(r))
			return nil
		}})
		if !slices.Equal(replayed, want) || !slices.Equal(held(t, path), want) {
			t.Error("other records than were written")
		}
		f := w.Found()
		f.Header = Header{}
		if want := (Found{Items: 1000, Commits: 1000, Base: true, Ended: true}); f != want {
			t.Errorf("found %+v", f)
		}
		for _, i := range []int{0, 500, 999} {
			if d, ok, err := w.Lookup(item(i).Key); !ok || err != nil || !reflect.DeepEqual(&d, item(i)) {
				t.Errorf("item %d: %+v, %v, %v", i, d, ok, err)
			}
		}
		if _, ok, err := w.Lookup(Key{}); ok || err != nil || w.Holds(Key{}) || !w.Holds(item(1).Key) || len(w.Keys()) != 1000 {
			t.Error("keys that aren't there are found, or others not")
		}
	}
}

func TestManyAppendAtOnce(t *testing.T) {
	for _, how := range []Sync{SyncNever, SyncAlways, SyncInterval(time.Millisecond)} {
		path := filed(t)
		w := open(t, path, Options{Sync: how})
		var wg sync.WaitGroup
		for g := range 16 {
			wg.Go(func() {
				last := Pos(0)
				for i := range 50 {
					pos, err := w.AppendDone(item(g*1000 + i))
					if err == nil {
						err = w.Wait(pos)
					}
					if err != nil || pos <= last {
						t.Errorf("%v after %v: %v", pos, last, err)
						return
					}
					last = pos
				}
			})
		}
		wg.Wait()
		w.Close()
		if n := len(held(t, path)); n != 16*50 {
			t.Errorf("%d records", n)
		}
	}
}

// Nobody waits, and still memory has a bound.
func TestWhoAppendsWithoutWaitingWritesInTheEnd(t *testing.T) {
	w := open(t, filed(t), Options{Sync: SyncNever})
	d := item(1)
	d.Result = make([]byte, 1<<20)
	for range 20 {
		add(t, w, d)
		if n := cap(w.buf) + cap(w.spare); n > 3*maxPending {
			t.Fatalf("%d bytes wait", n)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	w := open(t, filed(t), Options{Sync: SyncNever})
	key, result := KeyOf([]byte("x")), []byte("12345678")
	one := func() {
		d := Done{Key: key, Attempts: 1, Commit: 2, Result: result}
		if _, err := w.AppendDone(&d); err != nil {
			t.Fatal(err)
		}
		w.Flush()
	}
	if n := testing.AllocsPerRun(1000, one); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOrderOfRecords(t *testing.T) {
	w := open(t, filed(t), Options{})
	if _, err := w.AppendBase(&Base{Data: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AppendDone(item(1)); err == nil {
		t.Error("an item before the base is whole")
	}
	if _, err := w.AppendBase(&Base{Data: []byte("2"), Last: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AppendBase(&Base{Data: []byte("3"), Last: true}); err == nil {
		t.Error("a base after the base")
	}
	add(t, w, item(1))
	if _, err := w.AppendBase(&Base{Last: true}); err == nil {
		t.Error("a base after an item")
	}
}

// A base without its last piece is as good as none: no item has begun.
func TestAPartialBaseIsCutOff(t *testing.T) {
	path := filed(t)
	w := open(t, path, Options{})
	for range 3 {
		w.AppendBase(&Base{Data: []byte("piece")})
	}
	w.Close()
	w = open(t, path, Options{})
	if f := w.Found(); f.Base || f.Torn == 0 || f.Fresh {
		t.Errorf("%+v", f)
	}
	if _, err := w.AppendBase(&Base{Data: []byte("all"), Last: true}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got := held(t, path); !slices.Equal(got, []string{`base "all" true`}) {
		t.Errorf("%q", got)
	}
}

func TestUnknownKindsAreAnError(t *testing.T) {
	path := filed(t)
	w := open(t, path, Options{})
	w.buf = append(w.pre.begin(w.buf, lastKind), "what is to come"...)
	w.seal(0)
	add(t, w, item(1))
	w.Close()
	if _, err := Open(path, loop, Options{}); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "kind 5") {
		t.Error(err)
	}
	if _, err := Repair(path); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
}

func TestTooLargeBreaksNothing(t *testing.T) {
	w := open(t, filed(t), Options{Sync: SyncNever})
	big := make([]byte, MaxRecord) // never touched, so it costs no memory
	if _, err := w.AppendDone(&Done{Result: big}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if _, err := w.AppendBase(&Base{Data: big}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if err := w.Wait(add(t, w, item(1))); err != nil {
		t.Error(err)
	}
	h := loop
	h.Version = strings.Repeat("x", maxHeader)
	if _, err := Open(filed(t), h, Options{}); err == nil {
		t.Error("a header without bound")
	}
}

func TestAfterClose(t *testing.T) {
	w := open(t, filed(t), Options{})
	pos := add(t, w, item(1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Wait(pos); err != nil {
		t.Error("what Close wrote is not done:", err)
	}
	if _, err := w.AppendDone(item(2)); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := w.Wait(pos + 1); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestReplayMayRefuse(t *testing.T) {
	path := filed(t)
	w := open(t, path, Options{})
	add(t, w, item(1))
	w.Close()
	no := errors.New("no")
	if _, err := Open(path, loop, Options{Replay: func(*Record) error { return no }}); !errors.Is(err, no) {
		t.Error(err)
	}
	open(t, path, Options{})
}

func TestKeysOfPartsDiffer(t *testing.T) {
	if KeyOf([]byte("ab"), []byte("c")) == KeyOf([]byte("a"), []byte("bc")) || KeyOf() == KeyOf(nil) {
		t.Error("where a part ends counts")
	}
}
