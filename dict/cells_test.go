package dict

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
)

// TestCellsAreAMap compares cells with a Go map under random operations, with
// good hashes and with such that collide.
func TestCellsAreAMap(t *testing.T) {
	seed := maphash.MakeSeed()
	hashes := map[string]func(k string) uint64{
		"hash":     func(k string) uint64 { return maphash.String(seed, k) },
		"few":      func(k string) uint64 { return maphash.String(seed, k) % 3 },
		"same low": func(k string) uint64 { return maphash.String(seed, k) << 32 },
	}
	for name, hash := range hashes {
		r := rand.New(rand.NewPCG(1, 2))
		m, model := new(cells[string, int]), map[string]entry[int]{}
		for i := range 20_000 {
			k := fmt.Sprint(r.IntN(1 + i/20))
			if r.IntN(3) == 0 {
				m.drop(hash(k), k)
				delete(model, k)
			} else {
				e := entry[int]{r.Int(), uint64(i + 1)}
				m.put(hash(k), k, e)
				model[k] = e
			}
			got, ok := m.get(hash(k), k)
			if want, is := model[k]; got != want || ok != is || m.len() != len(model) {
				t.Fatalf("%s: step %d: %q is %v, %v of %d; want %v, %v of %d", name, i, k, got, ok, m.len(), want, is, len(model))
			}
		}
		n := 0
		m.all(func(k string, v int, at uint64) bool {
			if n++; model[k] != (entry[int]{v, at}) {
				t.Errorf("%s: %q is %d, %d", name, k, v, at)
			}
			return true
		})
		if n != len(model) {
			t.Errorf("%s: %d entries, want %d", name, n, len(model))
		}
	}
	var none *cells[string, int]
	if _, ok := none.get(0, ""); ok || none.len() != 0 || !none.all(nil) {
		t.Error("there is something in no cells")
	}
}

// TestCellsThatComeAndGoStaySmall puts and drops other keys for ever.
func TestCellsThatComeAndGoStaySmall(t *testing.T) {
	m := new(cells[int, int])
	for i := range 200_000 {
		m.put(uint64(i)*0x9e3779b97f4a7c15>>20, i, entry[int]{i, 1})
		if i >= 100 {
			m.drop(uint64(i-100)*0x9e3779b97f4a7c15>>20, i-100)
		}
	}
	if m.len() != 100 || m.used > 1000 || len(m.index) > 1024 {
		t.Errorf("%d entries in %d cells, index of %d", m.len(), m.used, len(m.index))
	}
}

// TestClonedCellsStayAsTheyWere is what a view relies on.
func TestClonedCellsStayAsTheyWere(t *testing.T) {
	m := new(cells[int, int])
	for i := range 300 {
		m.put(uint64(i), i, entry[int]{i, 1})
	}
	c := m.clone()
	for i := range 300 {
		c.drop(uint64(i), i)
		c.put(uint64(i+300), i+300, entry[int]{0, 2})
		c.put(uint64(i), i, entry[int]{7, 3})
	}
	if m.len() != 300 || c.len() != 600 {
		t.Fatalf("%d and %d entries", m.len(), c.len())
	}
	for i := range 300 {
		if e, ok := m.get(uint64(i), i); !ok || e != (entry[int]{i, 1}) {
			t.Fatalf("%d is %v, %v", i, e, ok)
		}
	}
}
