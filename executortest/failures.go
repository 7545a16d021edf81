package executortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parfor.dev/parfor"
)

var errorChecks = []check{
	{"C17_ErrorsThatLookEmpty", 0, errorsThatLookEmpty},
	{"C34_Goexit", 0, goexit},
	{"C43_StackOfAPanic", 0, stackOfAPanic},
	{"C43_TypesAndFieldsSurvive", 0, typesSurvive},
	{"C44_EachFailureIsItsOwn", 0, failuresAreTheirOwn},
	{"FirstGenuineFailureStops", 0, firstFailureStops},
	{"LowestIndexIsReported", concurrent, lowestIndex},
	{"SiblingsCancelNeverMasks", concurrent, siblingsNeverMask},
	{"KeepGoingRunsAll", 0, keepGoingRunsAll},
	{"FinishedResultsAreNeverZeroed", 0, neverZeroed},
	{"TextsShowNoInput", 0, textsShowNoInput},
}

// KeepGoing.
func errorsThatLookEmpty(t *testing.T, s *subject) {
	in := []Step{{Do: mute}, {Do: typedNil}, {Do: panicsNil}, {N: 3}}
	out, err := parfor.Map(within(t), in, act, s.on(2, parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{0, 1, 2})
	if out[3].Square != 9 {
		t.Errorf("result 3 is %+v", out[3])
	}
	if text := err.Error(); !strings.Contains(text, "3 of 4 failed") {
		t.Errorf("text %q", text)
	}
	for i, f := range parfor.Failed(err) {
		te := &parfor.TaskError{Index: i, Err: f}
		if f == nil || te.Error() == "" {
			t.Errorf("item %d failed with nothing", i)
		}
	}
	_, err = parfor.Map(within(t), []Step{{Do: typedNil}}, act, s.on(2)...)
	equal(t, "failed alone", failedItems(err), []int{0})
	_ = err.Error() // the text of a nil pointer's error must not crash the reader
}

// KeepGoing, then the default: the worker survives in both.
func goexit(t *testing.T, s *subject) {
	in := steps(20, "")
	in[0].Do, in[7].Do, in[19].Do = exits, exits, exits
	out, err := parfor.Map(within(t), in, act, s.on(2, parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{0, 7, 19})
	mustBe(t, err, parfor.ErrGoexit)
	for i, r := range out {
		if in[i].Do == answer && r.Square != i*i {
			t.Errorf("result %d is %+v", i, r)
		}
	}
	_, err = parfor.Map(within(t), in, act, s.on(2)...)
	mustBe(t, err, parfor.ErrGoexit)
	got := 0
	for _, err := range parfor.Stream(within(t), slices.Values(in), act, s.on(2, parfor.KeepGoing())...) {
		if got++; err != nil {
			mustBe(t, err, parfor.ErrGoexit)
		}
	}
	if got != len(in) {
		t.Errorf("the stream yielded %d of %d", got, len(in))
	}
	stillWorks(t, s)
}

// Default mode.
func stackOfAPanic(t *testing.T, s *subject) {
	for _, n := range []int{0, 5} {
		in := steps(6, "")
		in[n].Do = panics
		_, err := parfor.Map(within(t), in, act, s.on(2)...)
		equal(t, "failed", failedItems(err), []int{n})
		if !stackNames(err, "explode") || !contains(err, fmt.Sprintf("step %d exploded", n)) {
			t.Errorf("the error of a panic lacks value or stack: %v", err)
		}
		if strings.Contains(err.Error(), "bodies.go") {
			t.Errorf("the stack belongs in a field, not in the text: %v", err)
		}
	}
	_, err := parfor.Map(within(t), []Step{{Do: panicsErr}}, act, s.on(2)...)
	mustBe(t, err, errRefused)
}

// Default mode.
func typesSurvive(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), []Step{{Do: rich}}, act, s.on(2)...)
	var ce *codeError
	if !errors.As(err, &ce) || *ce != (codeError{Code: 503, Host: "example.org"}) {
		t.Errorf("fields are lost: %v", err)
	}
	if !contains(err, "asking: code 503 from example.org") {
		t.Errorf("text is lost: %v", err)
	}
	var te *parfor.TaskError
	if !errors.As(err, &te) || te.Index != 0 || te.Attempt != 1 {
		t.Errorf("no *TaskError in %v", err)
	}
	_, err = parfor.Map(within(t), []Step{{N: 1, Do: refuse}}, act, s.on(2)...)
	mustBe(t, err, errRefused)
}

// KeepGoing.
func failuresAreTheirOwn(t *testing.T, s *subject) {
	in := steps(4, "")
	for i := range in {
		in[i].Do = refuse
	}
	_, err := parfor.Map(within(t), in, act, s.on(2, parfor.KeepGoing())...)
	for i, te := range loopError(t, err).First {
		if te.Index != i || !contains(te, fmt.Sprintf("step %d", i)) {
			t.Errorf("failure %d reads %v", i, te)
		}
		for _, other := range loopError(t, err).First[:i] {
			if other == te {
				t.Error("two items share an error value")
			}
		}
	}
}

// Default mode: once item 0 has failed, nothing new starts.
func firstFailureStops(t *testing.T, s *subject) {
	const n = 1000
	g := openGate(t)
	in := steps(n, g.address())
	in[0].Do = refuse
	for i := range in[1:] {
		in[i+1].Do = waits
	}
	out, err := parfor.Map(within(t), in, act, s.on(2)...)
	equal(t, "failed", failedItems(err), []int{0})
	mustBe(t, err, errRefused)
	le := loopError(t, err)
	// A worker process goes on to its next item before the parent has heard of
	// the failure.
	most := map[bool]int{true: 2, false: 3}[s.kind.inProcess()]
	if ran := len(g.visits()); ran > most {
		t.Errorf("%d bodies started on 2 workers, though the first failed and the others wait for the cancel", ran)
	}
	for i := range out {
		if le.Done(i) {
			t.Errorf("item %d counts as done", i)
		}
	}
	g.empty(t)
}

// Default mode: all slots run a body; the last of them fails first, and its
// cancel makes the others fail for reasons of their own.
func lowestIndex(t *testing.T, s *subject) {
	g := newGate(t)
	in := steps(2, g.address())
	in[0].Do, in[1].Do = waitsAngry, refuse
	errs := make(chan error, 1)
	ctx, opts := within(t), s.on(2, parfor.Chunk(1))
	go func() {
		_, err := parfor.Map(ctx, in, act, opts...)
		errs <- err
	}()
	g.next()
	g.next()
	g.letAll()
	err := <-errs
	le := loopError(t, err)
	if le.Failed < 1 || le.First[0].Index > 1 {
		t.Fatalf("failures: %v", err)
	}
	if le.Failed == 2 && le.First[0].Index != 0 {
		t.Errorf("both failed and %v is the first", le.First[0])
	}
	g.empty(t)
}

// Default mode: siblings end with the cancel that the failure caused; only the
// failure counts, whatever their index.
func siblingsNeverMask(t *testing.T, s *subject) {
	for _, how := range []Action{waits, waitsCause} {
		g := newGate(t)
		in := steps(8, g.address())
		for i := range in[:7] {
			in[i].Do = how
		}
		in[7].Do = refuse
		errs := make(chan error, 1)
		ctx, opts := within(t), s.on(8, parfor.Chunk(1))
		go func() {
			_, err := parfor.Map(ctx, in, act, opts...)
			errs <- err
		}()
		for range 8 {
			g.next()
		}
		g.letAll()
		err := <-errs
		equal(t, string(how)+": failed", failedItems(err), []int{7})
		mustBe(t, err, errRefused)
		if errors.Is(err, context.Canceled) {
			t.Errorf("%s: the loop's own cancel shows in %v", how, err)
		}
		g.empty(t)
	}
}

// KeepGoing.
func keepGoingRunsAll(t *testing.T, s *subject) {
	g := openGate(t)
	in := steps(30, g.address())
	for i := 0; i < 30; i += 3 {
		in[i].Do = []Action{refuse, panics, exits}[i/3%3]
	}
	out, err := parfor.Map(within(t), in, act, s.on(2, parfor.KeepGoing())...)
	ran := g.visits()
	slices.Sort(ran)
	equal(t, "ran", ran, parfor.Range(30))
	le := loopError(t, err)
	if le.Failed != 10 || le.Total != 30 {
		t.Errorf("%d of %d failed, want 10 of 30", le.Failed, le.Total)
	}
	for i, r := range out {
		bad := i%3 == 0
		if le.Done(i) == bad || !bad && r.Square != i*i || bad && r != (Reply{}) {
			t.Errorf("item %d: done %v, %+v", i, le.Done(i), r)
		}
	}
}

// Default mode: what Done says is done has its result, also after a stop.
func neverZeroed(t *testing.T, s *subject) {
	in := steps(100, "")
	in[60].Do = refuse
	out, err := parfor.Map(within(t), in, act, s.on(2)...)
	le := loopError(t, err)
	for i, r := range out {
		if le.Done(i) != (r.PID != 0) || le.Done(i) && r.Square != i*i {
			t.Errorf("item %d: done %v, result %+v", i, le.Done(i), r)
		}
	}
	if s.kind == Sequential && !le.Done(59) {
		t.Error("item 59 ran before item 60 failed and is not done")
	}
	if le.Done(-1) || le.Done(60) || le.Done(1000) {
		t.Error("Done is true for items that never finished")
	}
}

// Default mode.
func textsShowNoInput(t *testing.T, s *subject) {
	in := []Step{{N: 1}, {N: 987654321, Do: mute}}
	_, err := parfor.Map(within(t), in, act, s.on(2, parfor.Label(func(s Step) string { return "order " + fmt.Sprint(s.N%10) }))...)
	if contains(err, "987654321") {
		t.Errorf("the input is in the text: %v", err)
	}
	if !contains(err, "item 1 (order 1)") {
		t.Errorf("index and label are missing: %v", err)
	}
	if te := loopError(t, err).First[0]; te.Label != "order 1" {
		t.Errorf("label %q", te.Label)
	}
}
