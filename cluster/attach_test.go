package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"parfor.dev/parfor"
	"parfor.dev/parfor/cluster"
	"parfor.dev/parfor/cluster/embed"
	"parfor.dev/parfor/dict/dicttest"
)

// gather ranges over a loop, and checks that no item comes twice.
func gather(t *testing.T, seq func(func(parfor.Result[int, string], error) bool)) (got map[int]string, resumed int) {
	t.Helper()
	got = map[int]string{}
	for r, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[r.Index]; twice {
			t.Errorf("item %d came twice", r.Index)
		}
		got[r.Index] = r.Out
		if r.Resumed {
			resumed++
		}
	}
	return got, resumed
}

// A program is killed while it reads results. Another attaches, without its items.
func TestCallerKilledReading(t *testing.T) {
	dicttest.Fresh(t)
	s := serverAt(t)
	agentProcess(t, s.URL(), 2)
	const n = 600
	c := callerProcess(t, s.URL(), "reading", n)
	c.until(t, 200)
	kill(t, c.cmd)
	c.until(t, n) // what it had printed, too
	x := connected(t, s.URL(), cluster.Lease(life))
	got, resumed := gather(t, cluster.Attach(within(t), x, "reading", once, parfor.InOrder()))
	same(t, n, got, c.seen)
	counted(t, n)
	if len(c.seen) >= n || resumed < len(c.seen) {
		t.Errorf("%d were seen, %d resumed", len(c.seen), resumed)
	}
	x.Close()
	empty(t, s.URL())
}

// A program is killed again and again, wherever it is, and run anew.
func TestCallerRunAgain(t *testing.T) {
	dicttest.Fresh(t)
	slow(t)
	s := serverAt(t)
	agentProcess(t, s.URL(), 2)
	const n = 2000
	var before []map[int]string
	for _, at := range []int{1, 300, 900} {
		c := callerProcess(t, s.URL(), "again", n)
		c.until(t, at)
		kill(t, c.cmd)
		c.until(t, n)
		before = append(before, c.seen)
	}
	x := connected(t, s.URL(), cluster.Lease(life))
	got, resumed := gather(t, parfor.Stream(within(t), each(n), once, parfor.On(x.Loop("again"))))
	same(t, n, got, before...)
	counted(t, n)
	if resumed < len(before[2]) {
		t.Errorf("%d were seen, %d resumed", len(before[2]), resumed)
	}
	x.Close()
	empty(t, s.URL())
}

// While a program lives nobody else has its loop; when it was taken for dead and
// goes on, it learns that it lost it.
func TestTwoAttachers(t *testing.T) {
	dicttest.Fresh(t)
	slow(t)
	s := serverAt(t)
	agentProcess(t, s.URL(), 2)
	const n = 4000
	c := callerProcess(t, s.URL(), "two", n)
	c.until(t, 100)
	x := connected(t, s.URL(), cluster.Lease(life))
	_, err := parfor.Map(within(t), parfor.Range(n), once, parfor.On(x.Loop("two")))
	if !errors.Is(err, cluster.ErrOwned) {
		t.Fatalf("a second owner: %v", err)
	}
	c.cmd.Process.Signal(syscall.SIGSTOP)
	got, _ := gather(t, parfor.Stream(within(t), each(n), once, parfor.On(x.Loop("two"))))
	c.cmd.Process.Signal(syscall.SIGCONT)
	c.until(t, n+1)
	if err := c.cmd.Wait(); err == nil {
		t.Error("the first owner ended well")
	}
	same(t, n, got, c.seen)
	counted(t, n)
	x.Close()
	empty(t, s.URL())
}

// What goes on under a name is the same loop, or refused.
func TestNameOfAnother(t *testing.T) {
	x, s := ready(t, 1)
	mine := parfor.On(x.Loop("mine"))
	for r, err := range parfor.Stream(within(t), each(100), nap, mine, parfor.Window(50)) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Index == 3 {
			break
		}
	}
	for name, err := range map[string]error{
		"another body":  second(parfor.Map(within(t), parfor.Range(100), square, mine)),
		"another item":  second(parfor.Map(within(t), []int{7}, nap, mine)),
		"another shape": second(parfor.Map(within(t), []string{"a"}, ends, mine)),
	} {
		if !errors.Is(err, cluster.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]error{"none": cluster.ErrNoLoop, "mine": cluster.ErrUnsealed, "not a name": parfor.ErrOption} {
		for _, err := range cluster.Attach(within(t), x, name, nap) {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	out, err := parfor.Map(within(t), parfor.Range(100), nap, mine)
	if err != nil || out[99] != 99*99 {
		t.Errorf("%v", err)
	}
	x.Close()
	empty(t, s.URL())
}

// What has no items of its own can't have a name.
func TestNamesAreForLoops(t *testing.T) {
	x, _ := ready(t, 1)
	f := parfor.Submit(within(t), x.Loop("mine"), square, 5)
	if _, err := f.Result(within(t)); !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "Submit") {
		t.Errorf("got %v", err)
	}
	_, err := parfor.Map(within(t), parfor.Range(3), square, parfor.On(x.Loop("mine")), parfor.Journal(t.TempDir()+"/j"))
	if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "Journal") {
		t.Errorf("got %v", err)
	}
	for _, err := range parfor.Group(within(t), []int{1}, square, parfor.On(x.Loop("mine"))) {
		if !errors.Is(err, parfor.ErrOption) || !strings.Contains(err.Error(), "Group") {
			t.Errorf("got %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A loop that failed goes on with what failed; one whose results are all there
// is gone.
func TestFailedGoesOn(t *testing.T) {
	x, _ := ready(t, 2)
	mine := parfor.On(x.Loop("mine"))
	items := []string{"well", "error", "well", "error"}
	first, err := parfor.Map(within(t), items, ends, mine, parfor.KeepGoing())
	if len(parfor.Failed(err)) != 2 {
		t.Fatal(err)
	}
	resumed := 0
	for r, err := range cluster.Attach(within(t), x, "mine", ends, parfor.KeepGoing()) {
		var le *parfor.LoopError
		if r.Resumed {
			resumed++
			if r.Out != first[r.Index] || r.In != "well" {
				t.Errorf("%+v", r)
			}
		} else if err == nil || !errors.As(err, &le) && r.In != "error" {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if resumed != 2 {
		t.Errorf("%d resumed", resumed)
	}
	for _, err := range cluster.Attach(within(t), x, "mine", square) {
		if err == nil || !strings.Contains(err.Error(), "item 0") && !errors.Is(err, cluster.ErrMismatch) {
			t.Error(err)
		}
	}
	if out, err := parfor.Map(within(t), parfor.Range(5), square, parfor.On(x.Loop("well"))); err != nil || out[4] != 16 {
		t.Error(out, err)
	}
	if out, err := parfor.Map(within(t), parfor.Range(6), square, parfor.On(x.Loop("well"))); err != nil || out[5] != 25 {
		t.Error(out, err) // the name was free
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

// Items and results of any size are there for the next program, and for one that
// has no items. Each is stored once.
func TestLargeGoesOn(t *testing.T) {
	s := serverAt(t, embed.MaxPayload(1<<20))
	x := connected(t, s.URL())
	serve(t, s.URL(), 1)
	mine := parfor.On(x.Loop("mine"))
	const most = 3 << 20
	items := []string{strings.Repeat("a", most/2), "well", strconv.Itoa(most), strings.Repeat("0", most) + "7"}
	first, err := parfor.Map(within(t), items, swell, mine, parfor.KeepGoing())
	failed := parfor.Failed(err)
	if len(failed) != 2 || !errors.Is(failed[0], os.ErrNotExist) || !errors.Is(failed[1], os.ErrNotExist) || len(first[2]) != most || len(first[3]) != 7 {
		t.Fatal(err)
	}
	x.Close()
	y := connected(t, s.URL())
	resumed := func(seq iter.Seq2[parfor.Result[string, []byte], error]) (n int) {
		t.Helper()
		for r, err := range seq {
			if r.In != items[r.Index] {
				t.Errorf("item %d has %d bytes", r.Index, len(r.In))
			}
			if r.Resumed {
				n++
				if r.Index < 2 || !bytes.Equal(r.Out, first[r.Index]) {
					t.Errorf("item %d: %d bytes, %v", r.Index, len(r.Out), err)
				}
			}
		}
		return n
	}
	mine = parfor.On(y.Loop("mine"))
	if n := resumed(parfor.Stream(within(t), slices.Values(items), swell, mine, parfor.KeepGoing())); n != 2 {
		t.Errorf("%d resumed", n)
	}
	if n := resumed(cluster.Attach(within(t), y, "mine", swell, parfor.KeepGoing())); n != 2 {
		t.Errorf("%d resumed, attached", n)
	}
	if n := pieces(t, s.URL()); n != 3+7+7 { // of half a megabyte: of two items and one result
		t.Errorf("%d pieces are stored", n)
	}
	other := slices.Clone(items)
	other[3] += "7"
	if _, err := parfor.Map(within(t), other, swell, mine, parfor.KeepGoing()); !errors.Is(err, cluster.ErrMismatch) {
		t.Errorf("another item: %v", err)
	}
}

// pieces is how many there are of what is too large for a message.
func pieces(t *testing.T, url string) int {
	t.Helper()
	nc, js := beside(t, url)
	defer nc.Close()
	s, err := js.Stream(within(t), "PF_default_B")
	if err != nil {
		t.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

// swell returns that many bytes.
func swell(_ context.Context, size string) ([]byte, error) {
	n, err := strconv.Atoi(size)
	if err != nil {
		return nil, os.ErrNotExist
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i >> 10)
	}
	return b, nil
}

var _ = parfor.Register(swell)
