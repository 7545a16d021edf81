package clusterwatch

import (
	"sync"
	"testing"
	"time"
)

// A namespace has one set of counters, whoever asks, and they are listed by name.
func TestIn(t *testing.T) {
	var all sync.WaitGroup
	for _, name := range []string{"b", "a", "c", "a"} {
		all.Go(func() {
			AgentIn(name).Pulled.Add(1)
			OwnerIn(name).Chunks.Add(2)
		})
	}
	all.Wait()
	as, os := Agents(), Owners()
	if len(as) != 3 || len(os) != 3 {
		t.Fatalf("%d, %d", len(as), len(os))
	}
	for i, want := range []string{"a", "b", "c"} {
		if as[i].Namespace != want || os[i].Namespace != want {
			t.Errorf("%d: %s, %s", i, as[i].Namespace, os[i].Namespace)
		}
	}
	if n := as[0].Pulled.Load(); n != 2 {
		t.Errorf("%d", n)
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{0, 500 * time.Microsecond, 501 * time.Microsecond, time.Hour} {
		h.Note(d)
	}
	counts, sum := h.Read()
	if counts[0] != 2 || counts[1] != 1 || counts[len(counts)-1] != 1 || sum != time.Hour+1001*time.Microsecond {
		t.Errorf("%v, %v", counts, sum)
	}
}
