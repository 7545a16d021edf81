package errwire_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"parfor.dev/parfor/internal/errwire"
)

func cross(err error) error { return errwire.Decode(errwire.Append(nil, err)) }

func TestNil(t *testing.T) {
	if err := cross(nil); err != nil {
		t.Fatal(err)
	}
}

func TestSentinelsArriveAsThemselves(t *testing.T) {
	for _, s := range []error{context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF,
		fs.ErrNotExist, os.ErrDeadlineExceeded, errors.ErrUnsupported, strconv.ErrRange} {
		if got := cross(s); got != s {
			t.Errorf("%v arrived as %#v", s, got)
		}
		wrapped := fmt.Errorf("outer: %w", fmt.Errorf("inner: %w", s))
		got := cross(wrapped)
		if !errors.Is(got, s) || got.Error() != wrapped.Error() {
			t.Errorf("%v arrived as %v", wrapped, got)
		}
		if inner := errors.Unwrap(got); inner == nil || inner.Error() != "inner: "+s.Error() {
			t.Errorf("the structure is gone: %v", inner)
		}
	}
}

func TestSentinelsOfPackagesNotLinked(t *testing.T) {
	for _, s := range []error{sql.ErrNoRows, sql.ErrTxDone, net.ErrClosed} {
		got := cross(cross(fmt.Errorf("row 7: %w", s))) // twice: a loop in a worker
		if !errors.Is(got, s) {
			t.Errorf("%v is not %v", got, s)
		}
		if errors.Is(got, io.EOF) || errors.Is(cross(errors.New("x")), s) {
			t.Errorf("%v is too much", got)
		}
	}
}

func TestJoinKeepsItsTree(t *testing.T) {
	in := errors.Join(io.EOF, fmt.Errorf("two: %w, %w", fs.ErrExist, errors.New("plain")))
	got := cross(in)
	if got.Error() != in.Error() || !errors.Is(got, io.EOF) || !errors.Is(got, fs.ErrExist) {
		t.Errorf("got %v", got)
	}
	if kids := got.(interface{ Unwrap() []error }).Unwrap(); len(kids) != 2 {
		t.Errorf("%d children", len(kids))
	}
}

func TestSystemErrors(t *testing.T) {
	_, err := os.Open("/no/such/file")
	got := cross(fmt.Errorf("config: %w", err))
	var p *fs.PathError
	if !errors.As(got, &p) || p.Path != "/no/such/file" || p.Op != "open" || p.Err != syscall.ENOENT {
		t.Errorf("path error arrived as %#v", p)
	}
	if !errors.Is(got, fs.ErrNotExist) || got.Error() != "config: "+err.Error() {
		t.Errorf("got %v", got)
	}
	_, err = strconv.Atoi("x1")
	var n *strconv.NumError
	if got := cross(err); !errors.As(got, &n) || n.Num != "x1" || !errors.Is(got, strconv.ErrSyntax) {
		t.Errorf("got %#v", got)
	}
	err = os.NewSyscallError("connect", syscall.ECONNREFUSED)
	var s *os.SyscallError
	if got := cross(err); !errors.As(got, &s) || !errors.Is(got, syscall.ECONNREFUSED) {
		t.Errorf("got %#v", got)
	}
	err = &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EXDEV}
	if got := cross(err); !reflect.DeepEqual(got, err) {
		t.Errorf("got %#v", got)
	}
}

func TestNetErrorKeepsItsMethods(t *testing.T) {
	err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)}
	got := cross(fmt.Errorf("post: %w", err))
	var ne net.Error
	if !errors.As(got, &ne) || !ne.Timeout() || got.Error() != "post: "+err.Error() || !errors.Is(got, syscall.ETIMEDOUT) {
		t.Errorf("got %v", got)
	}
	dns := &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}
	if got := cross(dns); !errors.As(got, &ne) || ne.Timeout() || got.Error() != dns.Error() {
		t.Errorf("got %v", got)
	}
	if errors.As(cross(errors.New("plain")), &ne) {
		t.Error("a plain error became a net.Error")
	}
}

type isDeadline struct{}

func (isDeadline) Error() string        { return "took too long" }
func (isDeadline) Is(target error) bool { return target == context.DeadlineExceeded }

func TestOwnIsMethod(t *testing.T) {
	got := cross(cross(fmt.Errorf("a: %w", isDeadline{})))
	if !errors.Is(got, context.DeadlineExceeded) || errors.Is(got, context.Canceled) {
		t.Errorf("got %v", got)
	}
}

type timeout struct{ error }

func (timeout) Timeout() bool { return true }

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

type retry struct{ error }

func (retry) RetryAfter() time.Duration { return 7 * time.Second }

type timeoutTemporary struct{ timeout }

func (timeoutTemporary) Temporary() bool { return false }

type timeoutRetry struct{ timeout }

func (timeoutRetry) RetryAfter() time.Duration { return 1 }

type temporaryRetry struct{ temporary }

func (temporaryRetry) RetryAfter() time.Duration { return 2 }

type all struct{ timeoutTemporary }

func (all) RetryAfter() time.Duration { return 3 }

// Every combination of methods arrives, on leaves, wrappers and joins, and no
// method that was not there.
func TestProperties(t *testing.T) {
	base := errors.New("x")
	bases := []error{base, fmt.Errorf("w: %w", io.EOF), errors.Join(io.EOF, io.ErrNoProgress)}
	for _, b := range bases {
		for _, err := range []error{
			timeout{b}, temporary{b}, retry{b}, timeoutTemporary{timeout{b}}, timeoutRetry{timeout{b}},
			temporaryRetry{temporary{b}}, all{timeoutTemporary{timeout{b}}},
		} {
			same(t, err, cross(err))
		}
	}
	for _, err := range []error{wrapT{timeout{base}}, wrapM{timeout{base}}} {
		got := cross(err)
		same(t, err, got)
		if !errors.Is(got, io.EOF) {
			t.Errorf("%T: child lost", err)
		}
	}
}

type wrapT struct{ timeout }

func (wrapT) Unwrap() error { return io.EOF }

type wrapM struct{ timeout }

func (wrapM) Unwrap() []error { return []error{io.EOF, nil, io.ErrShortWrite} }

func same(t *testing.T, want, got error) {
	t.Helper()
	if got.Error() != want.Error() {
		t.Errorf("%T: text %q, want %q", want, got, want)
	}
	type to interface{ Timeout() bool }
	type te interface{ Temporary() bool }
	type ra interface{ RetryAfter() time.Duration }
	w1, wok1 := want.(to)
	g1, gok1 := got.(to)
	w2, wok2 := want.(te)
	g2, gok2 := got.(te)
	w3, wok3 := want.(ra)
	g3, gok3 := got.(ra)
	if wok1 != gok1 || wok2 != gok2 || wok3 != gok3 {
		t.Fatalf("%T: methods %v %v %v, want %v %v %v", want, gok1, gok2, gok3, wok1, wok2, wok3)
	}
	if wok1 && w1.Timeout() != g1.Timeout() || wok2 && w2.Temporary() != g2.Temporary() || wok3 && w3.RetryAfter() != g3.RetryAfter() {
		t.Errorf("%T: a property differs", want)
	}
}

type nilable struct{ text string }

func (n *nilable) Error() string { return n.text }

type panicky struct{}

func (panicky) Error() string   { panic("boo") }
func (panicky) Unwrap() error   { panic("boo") }
func (panicky) Is(error) bool   { panic("boo") }
func (panicky) Timeout() bool   { panic("boo") }
func (panicky) Temporary() bool { panic("boo") }

func TestC17_ErrorsThatLookEmptyStayErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New(""), ""},
		{(*nilable)(nil), "(*errwire_test.nilable)(nil)"},
		{(*fs.PathError)(nil), "(*fs.PathError)(nil)"},
		{&fs.PathError{Op: "o", Path: "p"}, "*fs.PathError: its Error method panicked: runtime error: invalid memory address or nil pointer dereference"},
		{panicky{}, "errwire_test.panicky: its Error method panicked: boo"},
		{errors.Join(errors.New("")), ""},
	} {
		got := cross(c.err)
		if got == nil {
			t.Errorf("%T is no error any more", c.err)
			continue
		}
		if _, ok := got.(*fs.PathError); !ok && got.Error() != c.want {
			t.Errorf("%T: %q, want %q", c.err, got, c.want)
		}
	}
}

// selfish has a size, so that two of them differ.
type selfish struct{ _ int }

func (s *selfish) Error() string { return "me" }
func (s *selfish) Unwrap() error { return s }

func TestBounds(t *testing.T) {
	if got := cross(&selfish{}); got == nil || got.Error() != "me" {
		t.Errorf("a cycle: %v", got)
	}
	deep := io.EOF
	for i := range 500 {
		deep = fmt.Errorf("%d: %w", i, deep)
	}
	if got := cross(deep); got.Error() != deep.Error() {
		t.Error("the text of a deep error differs")
	}
	wide := make([]error, 600)
	for i := range wide {
		wide[i] = fmt.Errorf("%d: %w", i, errors.Join(io.EOF, io.ErrNoProgress))
	}
	joined := errors.Join(wide...)
	got := cross(errors.Join(joined, joined))
	if !strings.HasPrefix(got.Error(), "0: EOF") || !errors.Is(got, io.EOF) {
		t.Error("a wide error is lost")
	}
	huge := strings.Repeat("x", 1<<20+1)
	big := errors.New(huge)
	for range 15 {
		big = fmt.Errorf("%w", big)
	}
	if b := errwire.Append(nil, big); len(b) > 12<<20 {
		t.Errorf("%d bytes for one error", len(b))
	}
}

type fragile struct{ N int }

func (f *fragile) Error() string { return "fragile" }

type brittle struct{ fragile }

func init() {
	addFragile[*fragile](func(*errwire.Decoder) (error, error) { return nil, errors.New("out of luck") })
	addFragile[*brittle](func(*errwire.Decoder) (error, error) { panic("out of luck") })
}

func addFragile[E error](decode func(*errwire.Decoder) (error, error)) {
	err := errwire.AddKind(&errwire.Kind{
		Name:   fmt.Sprint("test.", reflect.TypeFor[E]()),
		Type:   reflect.TypeFor[E](),
		Append: func(_ *errwire.Encoder, dst []byte, _ error) ([]byte, error) { return append(dst, 1), nil },
		Decode: decode,
	})
	if err != nil {
		panic(err)
	}
}

func TestC39_DecodingThatFailsSaysSo(t *testing.T) {
	for _, err := range []error{&fragile{}, &brittle{}} {
		got := cross(err)
		if got == nil || !strings.HasPrefix(got.Error(), "fragile (its type") || !strings.Contains(got.Error(), "out of luck") {
			t.Errorf("got %v", got)
		}
	}
}

func TestAddTwice(t *testing.T) {
	s := errors.New("s")
	name := fmt.Sprintf("test.%p", s) // another one each run
	if err := errwire.AddSentinel(name, s); err != nil {
		t.Fatal(err)
	}
	if errwire.AddSentinel(name+"2", s) == nil || errwire.AddSentinel(name, errors.New("t")) == nil {
		t.Error("a second registration went through")
	}
	if got := cross(fmt.Errorf("x %w", s)); !errors.Is(got, s) {
		t.Errorf("got %v", got)
	}
}

func TestMalformed(t *testing.T) {
	good := errwire.Append(nil, fmt.Errorf("a: %w", &fs.PathError{Op: "o", Path: "p", Err: io.EOF}))
	for i := range good {
		if err := errwire.Decode(good[:i]); err == nil && i > 0 {
			t.Errorf("%d bytes decode to no error", i)
		}
	}
	if err := errwire.Decode(append(good, 0)); err == nil || !strings.Contains(err.Error(), "malformed") {
		t.Errorf("bytes left over: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	_, path := os.Open("/no")
	for _, err := range []error{nil, io.EOF, path, errors.Join(io.EOF, timeout{path}), retry{io.EOF}, panicky{}, syscall.EPERM} {
		f.Add(errwire.Append(nil, err))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := errwire.Decode(b)
		if err == nil {
			return
		}
		_ = errors.Is(err, io.EOF)
		again := cross(err)
		if again == nil {
			t.Fatal("lost on its second way")
		}
		if _, isPath := err.(*fs.PathError); !isPath && errwireText(err) != errwireText(again) {
			t.Fatalf("text changed from %q to %q", errwireText(err), errwireText(again))
		}
	})
}

// errwireText is the text, or empty if Error panics: a PathError without a
// cause does.
func errwireText(err error) (s string) {
	defer func() { _ = recover() }()
	return err.Error()
}
