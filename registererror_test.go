package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"parfor.dev/parfor"
	"parfor.dev/parfor/internal/errwire"
)

func crossed(err error) error { return errwire.Decode(errwire.Append(nil, err)) }

var errQuota = parfor.RegisterError(errors.New("quota exceeded"))

// statusError has a field of every sort an API's error has.
type statusError struct {
	Code   int
	Header map[string][]string
	Wait   time.Duration
	Cause  error
	Also   error
}

func (e *statusError) Error() string             { return fmt.Sprintf("status %d: %v", e.Code, e.Cause) }
func (e *statusError) Unwrap() error             { return e.Cause }
func (e *statusError) RetryAfter() time.Duration { return e.Wait }

var _ = parfor.RegisterError((*statusError)(nil))

type codeError int

func (c codeError) Error() string { return fmt.Sprintf("code %d", int(c)) }

var _ = parfor.RegisterError(codeError(0))

type valueError struct{ Field string }

func (v valueError) Error() string { return "bad " + v.Field }

var _ = parfor.RegisterError(valueError{})

type marker struct{}

func (*marker) Error() string { return "marked" }

// A pointer to nothing can only be compared: it is a sentinel.
var errMarked = parfor.RegisterError(&marker{})

type fickle struct{ N int }

func (f *fickle) Error() string                  { return "fickle" }
func (f *fickle) MarshalBinary() ([]byte, error) { return []byte{byte(f.N)}, nil }
func (f *fickle) UnmarshalBinary([]byte) error   { return errors.New("changed my mind") }

var _ = parfor.RegisterError(&fickle{})

func TestRegisteredSentinel(t *testing.T) {
	for _, s := range []error{errQuota, errMarked} {
		if got := crossed(fmt.Errorf("item: %w", s)); !errors.Is(got, s) || errors.Unwrap(got) != s {
			t.Errorf("%v arrived as %#v", s, got)
		}
	}
	if errors.Is(crossed(errors.New("quota exceeded")), errQuota) {
		t.Error("an equal text is not the sentinel")
	}
}

func TestRegisteredTypes(t *testing.T) {
	in := &statusError{429, map[string][]string{"A": {"b"}}, time.Minute, fmt.Errorf("deep: %w", errQuota), nil}
	got := crossed(fmt.Errorf("post: %w", in))
	var s *statusError
	if !errors.As(got, &s) || !errors.Is(got, errQuota) || got.Error() != "post: "+in.Error() {
		t.Fatalf("arrived as %v", got)
	}
	if s.Code != 429 || s.Wait != time.Minute || !reflect.DeepEqual(s.Header, in.Header) || s.Also != nil {
		t.Errorf("fields: %+v", s)
	}
	var v valueError
	if got := crossed(valueError{"name"}); !errors.As(got, &v) || v.Field != "name" {
		t.Errorf("arrived as %#v", got)
	}
	if got := crossed(codeError(7)); got != error(codeError(7)) {
		t.Errorf("arrived as %#v", got)
	}
	if got := crossed((*statusError)(nil)); got == nil || got.Error() != "(*parfor_test.statusError)(nil)" {
		t.Errorf("a nil one arrived as %v", got)
	}
	if in.Cause == nil {
		t.Error("the original was changed")
	}
}

func TestC39_ErrorWhoseDecodingFails(t *testing.T) {
	got := crossed(fmt.Errorf("x: %w", &fickle{3}))
	if got == nil || got.Error() != "x: fickle" || !strings.Contains(errors.Unwrap(got).Error(), "changed my mind") {
		t.Errorf("got %v, %v", got, errors.Unwrap(got))
	}
}

var nilTyped = parfor.RegisterAs("nilTyped", func(context.Context, int) (int, error) { return 0, (*statusError)(nil) })

func TestC17_NilValuedTypedError(t *testing.T) {
	_, there := remotely(t, []int{1}, nilTyped)
	_, here := parfor.Map(t.Context(), []int{1}, nilTyped)
	for _, err := range []error{there, here} {
		if err == nil || !strings.Contains(err.Error(), "(*parfor_test.statusError)(nil)") || errors.Is(err, io.EOF) {
			t.Errorf("got %v", err)
		}
	}
}

func TestOwnErrorsArriveAsThemselves(t *testing.T) {
	for _, in := range []error{
		&parfor.TaskError{Index: 3, Label: "c", Attempt: 2, Err: io.EOF},
		&parfor.PanicError{Value: "boom", Stack: []byte("main.go:1")},
		&parfor.PanicError{Value: errQuota, Stack: []byte("main.go:1")},
		&parfor.TimeoutError{Limit: time.Second, Took: 2 * time.Second, Killed: true, PID: 9, Stack: []byte("s")},
		&parfor.TimeoutError{Limit: 1, Abandoned: true},
		&parfor.WorkerError{PID: 4, Cause: parfor.Fault, Signal: "SIGSEGV", ExitCode: -1, PeakRSS: 1 << 30, Stderr: "e", Dump: "d", Reason: "r"},
		&parfor.LoopError{Total: 2, Failed: 0, Cause: context.Canceled, SourceBlocked: true},
	} {
		got := crossed(fmt.Errorf("w: %w", in))
		back := errors.Unwrap(got)
		if reflect.TypeOf(back) != reflect.TypeOf(in) || back.Error() != in.Error() {
			t.Errorf("%#v arrived as %#v", in, back)
			continue
		}
		if _, ok := in.(*parfor.LoopError); !ok && !reflect.DeepEqual(back, in) {
			t.Errorf("%#v arrived as %#v", in, back)
		}
	}
	if got := crossed(&parfor.PanicError{Value: 42}).(*parfor.PanicError); got.Value != "42" {
		t.Errorf("a panic's value is %#v, want its text", got.Value)
	}
	if !errors.Is(crossed(&parfor.TimeoutError{}), parfor.ErrTaskTimeout) {
		t.Error("a timeout is ErrTaskTimeout no more")
	}
	for _, s := range []error{parfor.ErrGoexit, parfor.ErrTaskDone, parfor.ErrNoTask, parfor.ErrClosed, parfor.ErrCanceled} {
		if crossed(s) != s {
			t.Errorf("%v is another value", s)
		}
	}
}

// A loop inside a worker's body failed: its error arrives whole.
func TestLoopErrorArrives(t *testing.T) {
	fail := func(_ context.Context, n int) (int, error) {
		if n%3 == 0 {
			return 0, &fs.PathError{Op: "open", Path: fmt.Sprint(n), Err: fs.ErrNotExist}
		}
		return n, nil
	}
	_, in := parfor.Map(t.Context(), numbers(1000), fail, parfor.KeepGoing())
	var want, got *parfor.LoopError
	if !errors.As(in, &want) {
		t.Fatal(in)
	}
	if !errors.As(crossed(in), &got) {
		t.Fatalf("arrived as %v", crossed(in))
	}
	if got.Error() != want.Error() || got.Failed != want.Failed || got.Total != want.Total || len(got.First) != len(want.First) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for i := -1; i < 1002; i++ {
		if got.Done(i) != want.Done(i) {
			t.Fatalf("Done(%d) is %v, want %v", i, got.Done(i), want.Done(i))
		}
	}
	if f := parfor.Failed(got); !errors.Is(f[3], fs.ErrNotExist) || f[4] != nil {
		t.Errorf("Failed gives %v", f[3])
	}
}

func numbers(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

//lint:ignore U1000 the field would be lost, which is the point
type secretive struct{ code int }

func (*secretive) Error() string { return "secretive" }

func TestRegisterErrorRefuses(t *testing.T) {
	panics(t, func() { parfor.RegisterError[error](nil) }, "registererror_test.go:", "the error is nil")
	panics(t, func() { parfor.RegisterError(errQuota) }, "registererror_test.go:", "registered already")
	panics(t, func() { parfor.RegisterError(errors.New("quota exceeded")) }, "change the text")
	panics(t, func() { parfor.RegisterError(&statusError{}) }, "registered already")
	panics(t, func() { parfor.RegisterError(io.EOF) }, "registered already")
	panics(t, func() { parfor.RegisterError((*secretive)(nil)) }, "secretive.code is unexported")
}
