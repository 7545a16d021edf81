package replica_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"parfor.dev/parfor/internal/arena"
	"parfor.dev/parfor/internal/replica"
)

func TestRecordsAreAMap(t *testing.T) {
	a, view := arena.Twin(64 << 20)
	w, err := replica.NewRecords(a)
	if err != nil {
		t.Fatal(err)
	}
	far, err := replica.OpenRecords(view, w.Root())
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		val    string
		commit uint64
	}
	model := map[string]entry{}
	r := rand.New(rand.NewPCG(1, 2))
	buf := make([]byte, 0, 64)
	for i := range 150_000 {
		k := fmt.Sprintf("key %d%s", r.IntN(4000), bytes.Repeat([]byte{'x'}, r.IntN(12)))
		switch p := r.IntN(1000); {
		case p == 0:
			w.Wipe()
			clear(model)
		case p < 300:
			w.Drop([]byte(k))
			delete(model, k)
		default:
			v := make([]byte, r.IntN(100))
			for i := range v {
				v[i] = byte(r.Uint32())
			}
			if err := w.Put([]byte(k), v, uint64(i)); err != nil {
				t.Fatal(err)
			}
			model[k] = entry{string(v), uint64(i)}
		}
		got, commit, ok, err := far.Get([]byte(k), buf)
		m, there := model[k]
		if err != nil || ok != there || ok && (string(got) != m.val || commit != m.commit) {
			t.Fatalf("Get(%q) = %q, %d, %v, %v; want %q, %d, %v", k, got, commit, ok, err, m.val, m.commit, there)
		}
	}
	for k, m := range model {
		if got, commit, ok, _ := far.Get([]byte(k), nil); !ok || string(got) != m.val || commit != m.commit {
			t.Fatalf("at the end %q = %q, %d, %v", k, got, commit, ok)
		}
	}
	w.Retire()
	if _, _, _, err := far.Get([]byte("key"), nil); !errors.Is(err, replica.ErrRetired) {
		t.Errorf("after Retire: %v", err)
	}
	if n := a.Used(); n > 64<<10 {
		t.Errorf("%d bytes are used by a retired table", n)
	}
}

// TestRecordsAreNeverTorn reads records whose bytes are all alike while they
// are exchanged and their memory is used for others.
func TestRecordsAreNeverTorn(t *testing.T) {
	a, view := arena.Twin(64 << 20)
	w, _ := replica.NewRecords(a)
	far, _ := replica.OpenRecords(view, w.Root())
	keys := make([][]byte, 50)
	for i := range keys {
		keys[i] = fmt.Append(nil, "the key number ", i)
		w.Put(keys[i], bytes.Repeat([]byte{3}, 40), 3)
	}
	var stop atomic.Bool
	var reads atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		var buf [128]byte
		for i := 0; !stop.Load(); i++ {
			v, n, ok, err := far.Get(keys[i%len(keys)], buf[:0])
			if err != nil || !ok || len(v) != 40+int(n%3) || bytes.Count(v, v[:1]) != len(v) || v[0] != byte(n) {
				t.Errorf("read %x of commit %d, %v, %v", v, n, ok, err)
				return
			}
			reads.Add(1)
		}
	})
	for n := uint64(2); n < 100_000 || reads.Load() < 1000; n++ {
		if t.Failed() {
			break
		}
		if err := w.Put(keys[n%uint64(len(keys))], bytes.Repeat([]byte{byte(n)}, 40+int(n%3)), n); err != nil {
			t.Error(err)
			break
		}
		if n%5 == 0 {
			w.Put(fmt.Append(nil, "other ", n%3000), make([]byte, n%90), n)
		}
		if n%7 == 0 {
			w.Drop(fmt.Append(nil, "other ", (n*3)%3000))
		}
	}
	stop.Store(true)
	wg.Wait()
}
