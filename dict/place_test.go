package dict_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parfor.dev/parfor/dict"
)

var early = dict.New[int, int]("early")

// What happened to calls made while this package was initialised.
var (
	inInitialiser = message(func() { early.Set(bg, 1, 1) })
	inGoroutine   = func() (s string) {
		var wg sync.WaitGroup
		wg.Go(func() { s = message(func() { early.Len(bg) }) })
		wg.Wait()
		return s
	}()
	inMake = message(func() { dict.Make[int, int](bg) })
)

func message(f func()) (s string) {
	defer func() { s = fmt.Sprint(recover()) }()
	f()
	return ""
}

func TestD12_InitialisersPanic(t *testing.T) {
	for _, s := range []string{inInitialiser, inGoroutine, inMake} {
		if !strings.Contains(s, "place_test.go:") || !strings.Contains(s, "initialisers") {
			t.Errorf("a call in an initialiser says %q", s)
		}
	}
	if n, err := early.Len(bg); n != 0 || err != nil {
		t.Errorf("Len = %d, %v", n, err)
	}
	if !dict.MainOnStack() {
		t.Error("main is not found in a running program")
	}
}

func TestNamesAreUnique(t *testing.T) {
	if early.Name() != "parfor.dev/parfor/dict_test.early" {
		t.Errorf("full name %q", early.Name())
	}
	s := message(func() { dict.New[string, string]("early") })
	if !strings.Contains(s, "made twice") || strings.Count(s, "place_test.go:") != 2 {
		t.Errorf("a second New says %q", s)
	}
	s = message(func() { dict.New[*int, string]("bad") })
	if !strings.Contains(s, "dict_test.bad") || !strings.Contains(s, "place_test.go:") {
		t.Errorf("New with a bad key says %q", s)
	}
	if s := message(func() { dict.New[int, int]("") }); !strings.Contains(s, "empty") {
		t.Errorf("New without a name says %q", s)
	}
}

func TestPackageOf(t *testing.T) {
	for function, want := range map[string]string{
		"main.init":                   "main",
		"example.com/a/b.init.0":      "example.com/a/b",
		"example.com/a/b%2ev2.init":   "example.com/a/b.v2",
		"gopkg.in/yaml%2ev3.(*T).f":   "gopkg.in/yaml.v3",
		"a/b.F[go.shape.int].func1":   "a/b",
		"a/b.F[a/c.T]":                "a/b",
		"example.com/x.New[...].func": "example.com/x",
	} {
		if got := dict.PackageOf(function); got != want {
			t.Errorf("package of %s is %q, want %q", function, got, want)
		}
	}
}
