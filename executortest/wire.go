package executortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"parfor.dev/parfor"
)

// Values are encoded between processes only, so these are theirs.
var wireChecks = []check{
	{"C35_ItemCannotBeEncoded", onProcesses, itemCannotBeEncoded},
	{"C35_ItemCannotBeDecoded", onProcesses, itemCannotBeDecoded},
	{"C37_ResultCannotBeEncoded", onProcesses, resultCannotBeEncoded},
	{"C39_ErrorCannotBeDecoded", onProcesses, errorCannotBeDecoded},
	{"UnregisteredErrorKeepsItsText", 0, unregisteredError},
	{"LargeValues", 0, largeValues},
}

// fussy is a value that may refuse to travel.
type fussy struct {
	mode string
	then string // mode of the result
}

const (
	noEncode    = "can't be encoded"
	panicEncode = "panics when encoded"
	noDecode    = "can't be decoded"
)

func (f fussy) MarshalBinary() ([]byte, error) {
	switch f.mode {
	case noEncode:
		return nil, errors.New(noEncode)
	case panicEncode:
		panic(panicEncode)
	}
	return fmt.Appendf(nil, "%s\n%s", f.mode, f.then), nil
}

func (f *fussy) UnmarshalBinary(b []byte) error {
	at := slices.Index(b, '\n')
	f.mode, f.then = string(b[:at]), string(b[at+1:])
	if f.mode == noDecode {
		return errors.New(noDecode)
	}
	return nil
}

func fuss(_ context.Context, f fussy) (fussy, error) { return fussy{mode: f.then}, nil }

// fussyError is an error that can't be read by whoever receives it.
type fussyError struct{ Text string }

func (e *fussyError) Error() string                  { return e.Text }
func (e *fussyError) MarshalBinary() ([]byte, error) { return []byte(e.Text), nil }
func (e *fussyError) UnmarshalBinary([]byte) error   { return errors.New(noDecode) }

func fail(_ context.Context, text string) (int, error) {
	if text == "odd" {
		return 0, oddNumber(7)
	}
	return 0, fmt.Errorf("wrapped: %w", &fussyError{text})
}

// oddNumber is an error that nobody registered.
type oddNumber int

func (n oddNumber) Error() string { return fmt.Sprintf("%d is odd", int(n)) }

var (
	_ = parfor.Register(fuss)
	_ = parfor.Register(fail)
	_ = parfor.RegisterError((*fussyError)(nil))
)

// KeepGoing: the item that can't travel fails alone, at its place.
func fussyLoop(t *testing.T, s *subject, bad fussy, text string) {
	t.Helper()
	in := []fussy{{}, bad, {}}
	_, err := parfor.Map(within(t), in, fuss, s.on(2, parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{1})
	if !contains(err, text) {
		t.Errorf("the text does not say why: %v", err)
	}
	_, err = parfor.Submit(within(t), s.executor(2), fuss, bad).Result(within(t))
	if !contains(err, text) {
		t.Errorf("future: %v", err)
	}
}

func itemCannotBeEncoded(t *testing.T, s *subject) {
	fussyLoop(t, s, fussy{mode: noEncode}, noEncode)
	fussyLoop(t, s, fussy{mode: panicEncode}, panicEncode)
	stillWorks(t, s)
}

func itemCannotBeDecoded(t *testing.T, s *subject) {
	fussyLoop(t, s, fussy{mode: noDecode}, noDecode)
	stillWorks(t, s)
}

func resultCannotBeEncoded(t *testing.T, s *subject) {
	for range 20 {
		fussyLoop(t, s, fussy{then: noEncode}, noEncode)
	}
	fussyLoop(t, s, fussy{then: panicEncode}, panicEncode)
	fussyLoop(t, s, fussy{then: noDecode}, noDecode)
	stillWorks(t, s)
}

// KeepGoing.
func errorCannotBeDecoded(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), []string{"broken"}, fail, s.on(2, parfor.KeepGoing())...)
	equal(t, "failed", failedItems(err), []int{0})
	if !contains(err, "wrapped: broken") {
		t.Errorf("the text is lost: %v", err)
	}
	stillWorks(t, s)
}

// Default mode.
func unregisteredError(t *testing.T, s *subject) {
	_, err := parfor.Map(within(t), []string{"odd"}, fail, s.on(2)...)
	if !contains(err, "7 is odd") {
		t.Errorf("the text is lost: %v", err)
	}
	var n oddNumber
	if is := errors.As(err, &n); is != s.kind.inProcess() {
		t.Errorf("its type survives: %v, want %v", is, s.kind.inProcess())
	}
}

func double(_ context.Context, b []byte) ([]byte, error) { return append(b, b...), nil }

var _ = parfor.Register(double)

// Default mode.
func largeValues(t *testing.T, s *subject) {
	const mb = 1 << 20
	in := [][]byte{make([]byte, 3*mb), {}, make([]byte, 100), make([]byte, 5*mb)}
	in[3][5*mb-1] = 7
	out, err := parfor.Map(within(t), in, double, s.on(2)...)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range out {
		if len(b) != 2*len(in[i]) {
			t.Errorf("result %d has %d bytes, want %d", i, len(b), 2*len(in[i]))
		}
	}
	if out[3][5*mb-1] != 7 || out[3][10*mb-1] != 7 {
		t.Error("bytes are lost")
	}
}
