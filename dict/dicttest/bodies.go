package dicttest

import (
	"context"
	"errors"
	"fmt"

	"parfor.dev/parfor"
	"parfor.dev/parfor/dict"
)

// The dictionaries of the suite.
var (
	counts = dict.New[string, int]("counts")
	ints   = dict.New[int, int]("ints")
	texts  = dict.New[int, string]("texts")
	lists  = dict.New[string, []int]("lists")
	points = dict.New[point, float64]("points")
	flaws  = dict.New[float64, *flawed]("flaws")
)

type point struct {
	X, Y int16
	Name string
	Tags [2]string
}

// flawed is a value that may have no binary form.
type flawed struct{ Bad bool }

var errFlawed = errors.New("flawed on purpose")

// AppendBinary fails if the value is bad.
func (f *flawed) AppendBinary(dst []byte) ([]byte, error) {
	if f.Bad {
		return dst, errFlawed
	}
	return append(dst, 1), nil
}

// MarshalBinary is AppendBinary.
func (f *flawed) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary reads what AppendBinary wrote.
func (f *flawed) UnmarshalBinary(b []byte) error {
	if len(b) != 1 || b[0] != 1 {
		return errFlawed
	}
	return nil
}

var errBody = errors.New("the body fails on purpose")

var _ = parfor.RegisterError(errBody)

func countOne(ctx context.Context, n int) (int, error) {
	return n, errors.Join(
		counts.Add(ctx, "n", 1),
		ints.Set(ctx, n, n*n),
		texts.Set(ctx, n, fmt.Sprint("text ", n)),
	)
}

var _ = parfor.Register(countOne)

// countThenFail fails every third item after its writes, in one of three ways.
func countThenFail(ctx context.Context, n int) (int, error) {
	if _, err := countOne(ctx, n); err != nil {
		return 0, err
	}
	switch n % 9 {
	case 0:
		return 0, errBody
	case 3:
		panic("the body panics on purpose")
	case 6:
		if err := counts.Clear(ctx); err != nil {
			return 0, err
		}
		return 0, errBody
	}
	return n, nil
}

var _ = parfor.Register(countThenFail)

// want fails the test unless the dictionary holds exactly m.
func want[K, V comparable](f *fixture, d *dict.Dict[K, V], m map[K]V) {
	f.Helper()
	got, err := d.Snapshot(context.Background())
	if err != nil {
		f.Fatal(err)
	}
	wrong := 0
	for k, v := range got {
		if w, ok := m[k]; !ok || w != v {
			wrong++
			if wrong < 5 {
				f.Errorf("%s[%v] = %v, want %v, %v", d.Name(), k, v, w, ok)
			}
		}
	}
	for k, v := range m {
		if _, ok := got[k]; !ok {
			wrong++
			if wrong < 5 {
				f.Errorf("%s[%v] is missing, want %v", d.Name(), k, v)
			}
		}
	}
	if n, err := d.Len(context.Background()); n != len(m) || err != nil {
		f.Errorf("%s has %d entries, %v; want %d", d.Name(), n, err, len(m))
	}
	if wrong > 0 {
		f.Fatalf("%s: %d entries are wrong", d.Name(), wrong)
	}
}

// expect fails the test on an error.
func expect[T any](f *fixture) func(v T, err error) T {
	return func(v T, err error) T {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
		return v
	}
}
