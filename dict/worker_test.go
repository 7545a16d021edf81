package dict_test

import (
	"errors"
	"testing"

	"parfor.dev/parfor/dict"
	"parfor.dev/parfor/internal/call"
	"parfor.dev/parfor/internal/task"
	"parfor.dev/parfor/internal/writeset"
)

// asWorker makes this process believe that it is a worker whose owner is this
// same process: reads then go through questions and answers, writes through
// their encoding.
func asWorker(t testing.TB, f func()) {
	t.Helper()
	task.InWorker.Store(true)
	call.ToOwner = call.Serve
	defer func() { call.ToOwner = nil; task.InWorker.Store(false) }()
	f()
}

func deliver(t testing.TB, c *task.Ctx) (uint64, error) {
	t.Helper()
	tx := c.Seal()
	if tx == nil {
		return 0, nil
	}
	b, err := tx.Append([]byte("before"))
	if err != nil {
		return 0, err
	}
	return task.CommitEncoded(b[len("before"):], task.Ticket{})
}

type point struct {
	X, Y int8
	Name string
	_    int
	In   [2]bool
}

type profile struct {
	Tags  []string
	Notes map[string]*int
}

var (
	workerPoints   = dict.New[point, profile]("points")
	workerCounts   = dict.New[string, int]("counts")
	workerNowhere  = dict.New[string, struct{}]("nowhere")
	workerReadOnly = dict.New[int, []byte]("readonly", dict.Immutable())
)

func TestWorkerWritesTravel(t *testing.T) {
	defer writeset.Fresh()()
	workerCounts.Update(bg, map[string]int{"a": 1, "gone": 5})
	c := attempt(nil)
	asWorker(t, func() {
		workerCounts.Add(c, "a", 1)
		workerCounts.Add(c, "a", 2)
		workerCounts.Delete(c, "gone")
		workerCounts.Set(c, "b", 7)
		seven := 7
		workerPoints.Set(c, point{X: 1, Y: -2, Name: "p", In: [2]bool{true, false}}, profile{[]string{"x"}, map[string]*int{"n": &seven}})
		workerNowhere.Set(c, "here", struct{}{})
		workerReadOnly.Set(c, 3, []byte("bytes"))
		wants(t, c, workerCounts, map[string]int{"a": 4, "b": 7}, "gone", "c")
		p, ok, err := workerPoints.Get(c, point{X: 1, Y: -2, Name: "p", In: [2]bool{true, false}})
		if err != nil || !ok || *p.Notes["n"] != 7 {
			t.Errorf("Get of an own write: %v %v %v", p, ok, err)
		}
	})
	wants(t, bg, workerCounts, map[string]int{"a": 1, "gone": 5}, "b")
	if n, err := deliver(t, c); err != nil || n == 0 || workerCounts.CommitOf("b") != n {
		t.Fatalf("CommitEncoded = %d, %v", n, err)
	}
	wants(t, bg, workerCounts, map[string]int{"a": 4, "b": 7}, "gone")
	wants(t, bg, workerNowhere, map[string]struct{}{"here": {}})
	p, ok, _ := workerPoints.Get(bg, point{X: 1, Y: -2, Name: "p", In: [2]bool{true, false}})
	if !ok || len(p.Tags) != 1 || p.Tags[0] != "x" || *p.Notes["n"] != 7 {
		t.Fatalf("Get = %v, %v", p, ok)
	}
	c = attempt(nil)
	asWorker(t, func() {
		wants(t, c, workerCounts, map[string]int{"a": 4, "b": 7}, "gone")
		workerCounts.Clear(c)
		workerCounts.Add(c, "b", 1)
		wants(t, c, workerCounts, map[string]int{"b": 1}, "a")
		if _, ok, err := workerPoints.Get(c, point{}); ok || err != nil {
			t.Errorf("Get of an absent key: %v, %v", ok, err)
		}
		all, err := workerPoints.Snapshot(c)
		if err != nil || len(all) != 1 {
			t.Errorf("Snapshot = %v, %v", all, err)
		}
	})
	if _, err := deliver(t, c); err != nil {
		t.Fatal(err)
	}
	wants(t, bg, workerCounts, map[string]int{"b": 1}, "a")
}

func TestWorkerErrorsKeepTheirIdentity(t *testing.T) {
	d := fresh[int, int](t)
	d.Set(bg, 1, 1)
	c := attempt(nil)
	handle, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var h dict.Dict[int, int]
	if err := h.UnmarshalBinary(handle); err != nil {
		t.Fatal(err)
	}
	h.Set(c, 2, 2)
	d.Close()
	if _, err := c.Finish(nil); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("a commit to a closed dictionary: %v", err)
	}
	if err := h.Set(bg, 1, 1); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("a write to a closed dictionary: %v", err)
	}
}

func TestHandles(t *testing.T) {
	a, b := fresh[int, int](t), fresh[string, string](t)
	enc, err := a.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var same dict.Dict[int, int]
	if err := same.UnmarshalBinary(enc); err != nil {
		t.Fatal(err)
	}
	same.Set(bg, 1, 2)
	wants(t, bg, a, map[int]int{1: 2})

	if err := b.UnmarshalBinary(enc); err == nil {
		t.Error("a handle of other types decodes")
	}
	var other dict.Dict[int, int]
	for i := range enc {
		if err := other.UnmarshalBinary(enc[:i]); err == nil {
			t.Errorf("%d bytes of a handle decode", i)
		}
	}
	named, _ := workerCounts.MarshalBinary()
	var counts dict.Dict[string, int]
	if err := counts.UnmarshalBinary(named); err != nil || counts.Name() != "parfor.dev/parfor/dict_test.counts" {
		t.Errorf("a named handle: %v, %s", err, counts.Name())
	}
	a.Close()
	if err := other.UnmarshalBinary(enc); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("a handle of a closed dictionary: %v", err)
	}
	if _, err := a.MarshalBinary(); !errors.Is(err, dict.ErrClosed) {
		t.Errorf("encoding a closed dictionary: %v", err)
	}
	var none *dict.Dict[int, int]
	if err := none.Set(bg, 1, 1); err == nil {
		t.Error("a nil dictionary takes a value")
	}
	none.Close()
}

// TestHandleArrives makes a handle of a dictionary that this process does not
// know, as a worker does.
func TestHandleArrives(t *testing.T) {
	a := fresh[int, int](t)
	enc, _ := a.MarshalBinary()
	enc[6] ^= 0x40 // another id
	asWorker(t, func() {
		var x, y dict.Dict[int, int]
		if err := errors.Join(x.UnmarshalBinary(enc), y.UnmarshalBinary(enc)); err != nil {
			t.Error(err)
		}
		c := attempt(nil)
		x.Set(c, 1, 2)
		if v, ok, err := y.Get(c, 1); v != 2 || !ok || err != nil {
			t.Errorf("the other handle of one dictionary reads %v, %v, %v", v, ok, err)
		}
		b, err := c.Seal().Append(nil)
		if err != nil || len(b) == 0 {
			t.Errorf("Append: %v, %v", b, err)
		}
	})
	var z dict.Dict[int, int]
	if err := z.UnmarshalBinary([]byte{1, 9, 9, 9, 9, 9, 9, 9, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err == nil {
		t.Error("an unknown handle decodes at the owner")
	}
}

func TestMadeInsideATask(t *testing.T) {
	c := attempt(nil)
	d, err := dict.Make[string, int](c)
	if err != nil {
		t.Fatal(err)
	}
	d.Set(c, "a", 1)
	inner := attempt(c)
	d.Add(inner, "a", 2)
	mine, _ := dict.Make[int, int](inner)
	mine.Set(inner, 1, 1)
	finish(t, inner, true)
	wants(t, c, d, map[string]int{"a": 3}, "b")
	for name, err := range map[string]error{
		"outside any task":     d.Set(bg, "a", 1),
		"in another task":      d.Set(attempt(nil), "a", 1),
		"after its inner task": mine.Set(c, 1, 1),
		"outside, its length":  second(d.Len(bg)),
	} {
		if !errors.Is(err, dict.ErrNoTask) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.MarshalBinary(); err == nil {
		t.Errorf("sending it away: %v", err)
	}
	if n := finish(t, c, true); n != 0 {
		t.Errorf("it was committed under %d", n)
	}
	if err := d.Set(c, "a", 1); !errors.Is(err, dict.ErrTaskDone) {
		t.Errorf("after its task: %v", err)
	}
}
