package parfor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parfor.dev/parfor"
	_ "parfor.dev/parfor/internal/cborcodec"
	"parfor.dev/parfor/internal/registry"
)

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

var _ = parfor.Register(double)

func unregistered(_ context.Context, n int) (int, error) { return n, nil }

func makeAdder(by int) func(context.Context, int) (int, error) {
	return func(_ context.Context, n int) (int, error) { return n + by, nil }
}

// Two closures from one literal share their code and are two functions.
var (
	addOne = parfor.RegisterAs("addOne", makeAdder(1))
	addTen = parfor.RegisterAs("addTen", makeAdder(10))
)

type counter struct{ step int }

func (c *counter) next(_ context.Context, n int) (int, error) { return n + c.step, nil }

var (
	nextTwo   = parfor.RegisterAs("nextTwo", (&counter{2}).next)
	nextThree = parfor.RegisterAs("nextThree", (&counter{3}).next)
)

func twin[T any](_ context.Context, v T) ([]T, error) { return []T{v, v}, nil }

var (
	twinInt    = parfor.RegisterAs("twin[int]", twin[int])
	twinString = parfor.RegisterAs("twin[string]", twin[string])
)

func wrapped(fn func(context.Context, int) (int, error)) func(context.Context, int) (int, error) {
	return func(ctx context.Context, n int) (int, error) {
		r, err := fn(ctx, n)
		return -r, err
	}
}

var negated = parfor.RegisterAs("negated", wrapped(double))

var seen sync.Map

func visit(_ context.Context, s string) error {
	seen.Store(s, true)
	return nil
}

var _ = parfor.RegisterEach(visit)

func remotely[In, Out any](t *testing.T, items []In, body func(context.Context, In) (Out, error), opts ...parfor.Option) ([]Out, error) {
	t.Helper()
	x := &loopback{}
	defer x.Close()
	return parfor.Map(t.Context(), items, body, append(opts, parfor.On(x))...)
}

func gives[In, Out any](t *testing.T, in In, body func(context.Context, In) (Out, error), want Out) {
	t.Helper()
	got, err := remotely(t, []In{in}, body)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, []Out{want}) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIdentityPlainFunction(t *testing.T) {
	gives(t, 21, double, 42)
	if registry.Named("parfor.dev/parfor_test.double") == nil {
		t.Errorf("names: %v", registry.All())
	}
}

func TestIdentityTrap1_MethodValues(t *testing.T) {
	gives(t, 1, nextTwo, 3)
	gives(t, 1, nextThree, 4)
	_, err := remotely(t, []int{1}, (&counter{2}).next)
	refused(t, err, "method value", `var counterNext = parfor.RegisterAs("counter.next", x.next)`)
	panics(t, func() { parfor.Register((&counter{9}).next) }, "register_test.go:", "method value")
}

func TestIdentityTrap2_ClosuresOfOneLiteral(t *testing.T) {
	gives(t, 1, addOne, 2)
	gives(t, 1, addTen, 11)
	_, err := remotely(t, []int{1}, makeAdder(10))
	refused(t, err, "is a closure", "parfor.RegisterAs", "parfor.With(v)", "parfor.Arg[T](ctx)")
	panics(t, func() { parfor.Register(makeAdder(5)) }, "register_test.go:", "is a closure")
}

func TestIdentityTrap3_GenericsInstantiatedTwice(t *testing.T) {
	gives(t, 1, twinInt, []int{1, 1})
	gives(t, "a", twinString, []string{"a", "a"})
	panics(t, func() { parfor.Register(twin[float64]) }, "register_test.go:", "generic")
}

func mapInGenericCode[T any](t *testing.T, items []T) error {
	_, err := remotely(t, items, twin[T])
	return err
}

func mapWithParameter[T any](t *testing.T, items []T, body func(context.Context, T) ([]T, error)) error {
	_, err := remotely(t, items, body)
	return err
}

func TestIdentityTrap4_InsideGenericCode(t *testing.T) {
	if err := mapInGenericCode(t, []int{1}); !errors.Is(err, parfor.ErrNotRegistered) {
		t.Errorf("got %v", err)
	}
	if err := mapWithParameter(t, []int{1}, twinInt); err != nil {
		t.Error(err)
	}
	panics(t, func() { registerGeneric[int32]() }, "register_test.go:")
}

func registerGeneric[T any]() { parfor.Register(twin[T]) }

var pkgClosure = func(_ context.Context, n int) (int, error) { return n * n, nil }

var namedClosure = parfor.RegisterAs("square", func(_ context.Context, n int) (int, error) { return n * n, nil })

func TestIdentityTrap5_PackageVariableClosures(t *testing.T) {
	gives(t, 7, namedClosure, 49)
	panics(t, func() { parfor.Register(pkgClosure) }, "register_test.go:", "is a closure")
	_, err := remotely(t, []int{1}, pkgClosure)
	refused(t, err, "is a closure")
}

func TestIdentityTrap6_Duplicates(t *testing.T) {
	panics(t, func() { parfor.Register(double) }, "registered twice", "register_test.go:")
	panics(t, func() { parfor.RegisterAs("other", double) }, "registered twice", "other", "double")
	panics(t, func() { parfor.RegisterAs("addOne", unregistered) }, `"addOne" is registered twice`)
	panics(t, func() { parfor.RegisterAs("", unregistered) }, "name is empty")
	panics(t, func() { parfor.RegisterAs[int, int]("nothing", nil) }, "is nil")
	panics(t, func() { parfor.Register[int, int](nil) }, "is nil")
	panics(t, func() { parfor.RegisterEach[int](nil) }, "is nil")
}

// Sealing can't be undone, so a process of its own shows it.
func TestIdentityTrap7_LateRegistration(t *testing.T) {
	if os.Getenv("PARFOR_TEST_LATE") != "" {
		registry.Seal("main.go:7")
		panics(t, func() { parfor.Register(unregistered) }, "register_test.go:", "after process.Main at main.go:7")
		panics(t, func() { parfor.RegisterError(errors.New("late")) }, "register_test.go:", "after process.Main at main.go:7")
		panics(t, func() { parfor.Propagate[int](lateKey{}) }, "register_test.go:", "after process.Main at main.go:7")
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), "PARFOR_TEST_LATE=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

type lateKey struct{}

func TestIdentityWrappers(t *testing.T) {
	gives(t, 4, negated, -8)
	_, err := remotely(t, []int{1}, wrapped(double))
	refused(t, err, "is a closure")
}

func TestUnregisteredSaysWhatToWrite(t *testing.T) {
	_, err := remotely(t, []int{1}, unregistered)
	refused(t, err, `parfor_test.unregistered is not registered`, `var _ = parfor.Register(unregistered)`)
	x := &loopback{}
	defer x.Close()
	err = parfor.Each(t.Context(), []int{1}, func(context.Context, int) error { return nil }, parfor.On(x))
	refused(t, err, "is a closure", "parfor.RegisterEachAs")
}

func TestRegisterEach(t *testing.T) {
	x := &loopback{}
	defer x.Close()
	if err := parfor.Each(t.Context(), []string{"a", "b"}, visit, parfor.On(x)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"a", "b"} {
		if _, ok := seen.Load(s); !ok {
			t.Errorf("%s was not visited", s)
		}
	}
}

type job struct {
	Name string `json:"name"`
	At   time.Time
	Deps []*job
	Meta map[string][]float64
}

func describe(_ context.Context, j job) (map[string]*job, error) {
	return map[string]*job{j.Name: &j}, nil
}

var _ = parfor.Register(describe)

func TestStructsTravel(t *testing.T) {
	in := job{Name: "a", At: time.Unix(5, 7).UTC(), Deps: []*job{{Name: "b"}, nil}, Meta: map[string][]float64{"x": {1}}}
	gives(t, in, describe, map[string]*job{"a": &in})
}

type nested struct{ Inner struct{ Client *http.Client } }
type hidden struct {
	A int
	//lint:ignore U1000 it would be lost, which is the point
	b int
}
type skipped struct {
	A int `json:"-"`
}
type doubled struct {
	A int `json:"x"`
	B int `cbor:"x"`
}
type promotedTime struct {
	time.Time
	N int
}
type onlyTime struct{ time.Time }
type ownMarshal struct {
	time.Time
	N int
}

func (o ownMarshal) MarshalBinary() ([]byte, error)        { return []byte{byte(o.N)}, nil }
func (o *ownMarshal) UnmarshalBinary(b []byte) error       { o.N = int(b[0]); return nil }
func (o ownMarshal) AppendBinary(b []byte) ([]byte, error) { return append(b, byte(o.N)), nil }

type embeddedPtr struct{ *hiddenPart }
type hiddenPart struct{ X int }
type embeddedVal struct{ hiddenPart }
type padded struct {
	A int
	_ int
}
type recursive struct {
	Next *recursive
	Kids map[string][]recursive
}

func TestTypesThatCantTravelPanicAtInit(t *testing.T) {
	refuses[func()](t, "func()", "is a func")
	refuses[chan int](t, "is a chan")
	refuses[any](t, "is an interface", "concrete type")
	refuses[io.Reader](t, "is an interface")
	refuses[nested](t, "nested.Inner.Client.Transport is an interface", "parfor.PerWorker")
	refuses[hidden](t, "hidden.b is unexported", "export it", "MarshalBinary")
	refuses[[]hidden](t, "[].b is unexported")
	refuses[map[string]hidden](t, "[].b is unexported")
	refuses[map[*int]int](t, "are pointers")
	refuses[skipped](t, "skipped.A is tagged", "remove the tag")
	refuses[doubled](t, "doubled.A and parfor_test.doubled.B are both called")
	refuses[promotedTime](t, "of its embedded time.Time", "other fields would be lost")
	refuses[embeddedPtr](t, "embedded pointer")
	refuses[struct{ Err error }](t, "struct.Err is an error inside a value", "its text")
	refuses[sync.Mutex](t, "unexported")
}

func refuses[T any](t *testing.T, want ...string) {
	t.Helper()
	want = append(want, "register_test.go:", "bad body")
	panics(t, func() {
		parfor.RegisterAs("bad body", func(context.Context, T) (int, error) { return 0, nil })
	}, append(want, "its item can't be sent")...)
	panics(t, func() {
		parfor.RegisterAs("bad body", func(context.Context, int) (out T, _ error) { return out, nil })
	}, append(want, "its result can't be sent")...)
}

var freshNames atomic.Int64

// fresh makes a name that a repeated run of the test can register again.
func fresh(name string) string { return fmt.Sprintf("%s %d", name, freshNames.Add(1)) }

func accepts[T any](t *testing.T) {
	t.Helper()
	name := fresh(fmt.Sprintf("accepts %v", reflect.TypeFor[T]()))
	gives(t, *new(T), parfor.RegisterAs(name, func(_ context.Context, v T) (T, error) { return v, nil }), *new(T))
}

func TestTypesThatTravel(t *testing.T) {
	accepts[recursive](t)
	accepts[onlyTime](t)
	accepts[ownMarshal](t)
	accepts[embeddedVal](t)
	accepts[padded](t)
	accepts[error](t)
	accepts[map[[2]int]string](t)
	accepts[map[time.Month]*int](t)
	accepts[**int](t)
}

func TestResultThatCantEncodeNamesItsType(t *testing.T) {
	loop := &recursive{}
	loop.Next = loop
	body := parfor.RegisterAs(fresh("cyclic"), func(context.Context, int) (*recursive, error) { return loop, nil })
	_, err := remotely(t, []int{1}, body)
	if err == nil || !strings.Contains(err.Error(), "the result of cyclic") || !strings.Contains(err.Error(), "points to itself") {
		t.Errorf("got %v", err)
	}
}

func refused(t *testing.T, err error, want ...string) {
	t.Helper()
	if !errors.Is(err, parfor.ErrNotRegistered) {
		t.Fatalf("got %v, want ErrNotRegistered", err)
	}
	contains(t, err.Error(), want)
}

func panics(t *testing.T, f func(), want ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		if v == nil {
			t.Error("no panic")
			return
		}
		contains(t, fmt.Sprint(v), want)
	}()
	f()
}

func contains(t *testing.T, text string, want []string) {
	t.Helper()
	if !strings.HasPrefix(text, "parfor: ") {
		t.Errorf("the text doesn't say who speaks: %s", text)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the text lacks %q: %s", w, text)
		}
	}
}
