package process_test

import (
	"sync"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/observe"
	"parfor.dev/parfor/process"
)

// departures are the workers that left while a loop was watched.
type departures struct {
	mu    sync.Mutex
	texts []string
	died  int
}

func (d *departures) Start(observe.Start) {}
func (d *departures) Frame(observe.Frame) {}
func (d *departures) End(observe.End)     {}

func (d *departures) Event(e observe.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Kind == observe.WorkerDown {
		d.texts = append(d.texts, e.Text)
	}
	if e.Died() {
		d.died++
	}
}

// A worker that has run as many tasks as it may leaves in good order: nobody is
// told that it died.
func TestARecycledWorkerIsNoDeath(t *testing.T) {
	p := pool(t, 1, process.RestartAfter(3))
	d := &departures{}
	if _, err := parfor.Map(t.Context(), upTo(10), double, parfor.On(p), parfor.Observe(d)); err != nil {
		t.Fatal(err)
	}
	if len(d.texts) != 3 || d.died != 0 || d.texts[0] != observe.DownRecycled {
		t.Errorf("left as %q, of them %d deaths; want 3 recycled", d.texts, d.died)
	}
}
